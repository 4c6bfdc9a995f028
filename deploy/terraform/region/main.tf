# The project and the logstores of one region. For a further region, give this module a provider of that region and the
# project's name rolemend-<account id>-<region>, and name the region in the root's log_regions too.
terraform {
  required_providers {
    alicloud = {
      source = "aliyun/alicloud"
    }
  }
}

variable "project" {
  description = "Name of the project; unique among all accounts."
  type        = string
}

variable "logstores" {
  description = "Names of the logstores in it."
  type        = set(string)
  default     = ["rolemend-triggers", "rolemend-functions"]
}

variable "days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

resource "alicloud_log_project" "logs" {
  project_name = var.project
  description  = "made by rolemend setup: the trail, and the logs of triggers and functions"
}

resource "alicloud_log_store" "logs" {
  for_each = var.logstores

  project_name     = alicloud_log_project.logs.project_name
  logstore_name    = each.key
  retention_period = var.days
  shard_count      = 1
}

resource "alicloud_log_store_index" "logs" {
  for_each = alicloud_log_store.logs

  project  = each.value.project_name
  logstore = each.value.logstore_name

  full_text {
    case_sensitive = false
    token          = ", '\";=()[]{}?@&<>/:\n\t\r"
  }

  field_search {
    name             = "message"
    type             = "text"
    case_sensitive   = false
    enable_analytics = true
    token            = ", '\";=()[]{}?@&<>/:\n\t\r"
  }
}

output "project" {
  value = alicloud_log_project.logs.project_name
}
