"""EMR Serverless Spark 2023-08-08: workspaces, and job runs that read and write the local OSS."""
