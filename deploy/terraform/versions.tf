# The same as `rolemend setup apply`, for those who keep their account in Terraform. Use one of the two, not both.
terraform {
  required_version = ">= 1.5"

  required_providers {
    alicloud = {
      source = "aliyun/alicloud"
      # The first that knows role_name and assume_role_policy_document of alicloud_ram_role.
      version = ">= 1.252.0"
    }
  }
}

provider "alicloud" {
  region = var.region
}

# Two regions answer for collection policies, whichever region the buckets are in.
provider "alicloud" {
  alias  = "collection"
  region = startswith(var.region, "cn-") ? "cn-shanghai" : "ap-southeast-1"
}

data "alicloud_account" "current" {}

locals {
  account       = data.alicloud_account.current.id
  mark          = "made by rolemend setup"
  trail_project = var.trail_project != "" ? var.trail_project : "rolemend-${local.account}-${var.region}"
}
