output "deploy" {
  description = "The variables with which `s deploy` finds what was made here."

  value = {
    ROLEMEND_REGION         = var.region
    ROLEMEND_LEDGER_BUCKET  = alicloud_oss_bucket.ledger.bucket
    ROLEMEND_LEDGER_REGION  = var.region
    ROLEMEND_TRAIL_PROJECT  = module.home.project
    ROLEMEND_EVENT_LOGSTORE = var.event_logstore
  }
}
