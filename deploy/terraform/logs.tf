module "home" {
  source = "./region"

  project   = local.trail_project
  logstores = ["rolemend-triggers", "rolemend-functions", var.event_logstore]
}

# Every event, reads and failures included. The logstore is actiontrail_<name of the trail>.
resource "alicloud_actiontrail_trail" "rolemend" {
  trail_name      = "rolemend"
  event_rw        = "All"
  trail_region    = "All"
  sls_project_arn = "acs:log:${var.region}:${local.account}:project/${module.home.project}"
  status          = "Enable"
}

# The real-time access log of every bucket in these regions.
resource "alicloud_sls_collection_policy" "oss" {
  provider = alicloud.collection

  policy_name  = "rolemend-oss-access-log"
  product_code = "oss"
  data_code    = "access_log"
  enabled      = true

  policy_config {
    resource_mode = "attributeMode"
    regions       = distinct(concat([var.region], var.log_regions))
  }
}

# CloudMonitor's system event of a failed job of EMR Serverless Spark.
resource "alicloud_cms_event_rule" "spark_jobs" {
  rule_name   = "rolemend-spark-jobs"
  description = "${local.mark}: failed jobs of EMR Serverless Spark"
  status      = "ENABLED"

  event_pattern {
    product         = "EMRSpark"
    name_list       = ["EMRSpark:JobRun:FAILED"]
    event_type_list = ["*"]
  }

  sls_parameters {
    sls_parameters_id = "rolemend"
    region            = var.region
    project           = module.home.project
    log_store         = var.event_logstore
  }
}
