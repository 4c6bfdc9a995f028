"""EMR on ECS: clusters, nodes and operations (API 2021-03-20), and CreateClusterV2 (API 2016-04-08)."""
