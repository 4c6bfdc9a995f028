variable "ledger_bucket" {
  description = "Name of the bucket for the ledger; bucket names are unique among all accounts."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.ledger_bucket))
    error_message = "The ledger needs the name of a bucket: 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Home region: the trail, the ledger and the functions."
  type        = string
  default     = "cn-hangzhou"
}

variable "log_regions" {
  description = "Regions whose OSS access logs are read, the home region among them; empty for the home region alone."
  type        = list(string)
  default     = []
}

variable "trail_project" {
  description = "Project for the trail and the functions' logs; empty for one that bears the account's id."
  type        = string
  default     = ""
}

variable "event_logstore" {
  description = "Logstore for CloudMonitor's events of failed jobs."
  type        = string
  default     = "cloudmonitor_spark"
}

variable "keep_days" {
  description = "Days until incidents, approvals, roles and the index leave the ledger; 0 keeps them for ever."
  type        = number
  default     = 0
}

variable "make_trigger_role" {
  description = "Whether to make AliyunLogETLRole, with which log triggers start functions. Most accounts have it."
  type        = bool
  default     = false
}
