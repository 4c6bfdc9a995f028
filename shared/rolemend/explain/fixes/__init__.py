"""The fix for each cause: console steps, `aliyun` command, Terraform and API call."""
