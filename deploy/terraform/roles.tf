locals {
  folder    = "${path.module}/../../functions"
  functions = toset([for path in fileset(local.folder, "*/policy.json") : dirname(path)])

  # What stands for each name in a policy.json.
  names = {
    account        = local.account
    region         = var.region
    ledger_bucket  = var.ledger_bucket
    trail_project  = local.trail_project
    trail_logstore = "actiontrail_rolemend"
    event_logstore = var.event_logstore
  }
}

# One role for each function, with exactly that function's policy.json.
resource "alicloud_ram_policy" "function" {
  for_each = local.functions

  policy_name     = "rolemend-${each.key}"
  policy_document = templatefile("${local.folder}/${each.key}/policy.json", local.names)
  description     = "${local.mark}: the rights of the function rolemend-${each.key}"
}

resource "alicloud_ram_role" "function" {
  for_each = local.functions

  role_name   = "rolemend-${each.key}"
  description = "${local.mark}: the role of the function rolemend-${each.key}"

  assume_role_policy_document = jsonencode({
    Version = "1"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = ["fc.aliyuncs.com"] }
      }
    ]
  })
}

resource "alicloud_ram_role_policy_attachment" "function" {
  for_each = local.functions

  policy_type = "Custom"
  policy_name = alicloud_ram_policy.function[each.key].policy_name
  role_name   = alicloud_ram_role.function[each.key].role_name
}

resource "alicloud_ram_role" "trigger" {
  count = var.make_trigger_role ? 1 : 0

  role_name   = "AliyunLogETLRole"
  description = "${local.mark}: lets Simple Log Service start functions"

  assume_role_policy_document = jsonencode({
    Version = "1"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = ["log.aliyuncs.com"] }
      }
    ]
  })
}

resource "alicloud_ram_role_policy_attachment" "trigger" {
  count = var.make_trigger_role ? 1 : 0

  policy_type = "System"
  policy_name = "AliyunLogETLRolePolicy"
  role_name   = alicloud_ram_role.trigger[0].role_name
}
