# Appendable objects take no customer key, so the ledger is encrypted with keys of OSS.
resource "alicloud_oss_bucket" "ledger" {
  bucket = var.ledger_bucket

  tags = {
    rolemend = "setup"
  }

  server_side_encryption_rule {
    sse_algorithm = "AES256"
  }

  logging {
    target_bucket = var.ledger_bucket
    target_prefix = "access-log/"
  }

  lifecycle_rule {
    id      = "rolemend-access-log"
    prefix  = "access-log/"
    enabled = true

    expiration {
      days = 180
    }
  }

  lifecycle_rule {
    id      = "rolemend-failures"
    prefix  = "failures/"
    enabled = true

    expiration {
      days = 180
    }
  }

  lifecycle_rule {
    id      = "rolemend-rejected"
    prefix  = "rejected/"
    enabled = true

    expiration {
      days = 180
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.keep_days > 0 ? ["incidents", "approvals", "roles", "index"] : []

    content {
      id      = "rolemend-${lifecycle_rule.value}"
      prefix  = "${lifecycle_rule.value}/"
      enabled = true

      expiration {
        days = var.keep_days
      }
    }
  }

  # The ledger holds every change with the document before it: take it away by hand, or not at all.
  lifecycle {
    prevent_destroy = true
  }
}

resource "alicloud_oss_bucket_acl" "ledger" {
  bucket = alicloud_oss_bucket.ledger.bucket
  acl    = "private"
}

resource "alicloud_oss_bucket_public_access_block" "ledger" {
  bucket              = alicloud_oss_bucket.ledger.bucket
  block_public_access = true
}
