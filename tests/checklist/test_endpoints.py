"""What a host name of OSS tells, which endpoint serves a bucket, and what the region check makes of both."""

from __future__ import annotations

import msgspec
import pytest

from rolemend.account.interface import Absent, Known, Unread
from rolemend.checklist.endpoints import (
    Endpoint,
    endpoint_of,
    has_oss_hdfs,
    read_host,
    same_region,
)
from tests.checklist.oss_cases import CLUSTER, advice, denial, diagnosed, finding, healthy, replaced

FAR = Known(msgspec.structs.replace(CLUSTER, region="cn-beijing"))


@pytest.mark.parametrize(
    ("host", "kind", "region"),
    [
        ("b.oss-cn-hangzhou.aliyuncs.com", "public", "cn-hangzhou"),
        ("B.OSS-cn-hangzhou-internal.aliyuncs.com", "internal", "cn-hangzhou"),
        ("b.vpc100-oss-cn-beijing.aliyuncs.com", "internal", "cn-beijing"),
        ("b.cn-hangzhou.oss.aliyuncs.com", "dual_stack", "cn-hangzhou"),
        ("cn-hangzhou.oss.aliyuncs.com", "dual_stack", "cn-hangzhou"),
        ("b.oss.aliyuncs.com", "public", "cn-hangzhou"),
        ("b.oss-accelerate.aliyuncs.com", "acceleration", ""),
        ("b.oss-accelerate-overseas.aliyuncs.com", "acceleration", ""),
        ("b.cn-shanghai.oss-dls.aliyuncs.com", "oss_hdfs", "cn-shanghai"),
        ("b.oss-cn-hzfinance.aliyuncs.com", "public", "cn-hzfinance"),
        ("b.oss-$(reboot).aliyuncs.com", "public", ""),
        ("files.example.com", "own_domain", ""),
        ("aliyuncs.com", "own_domain", ""),
        ("", "own_domain", ""),
    ],
)
def test_a_host_tells_its_kind_and_region(host: str, kind: str, region: str) -> None:
    assert read_host(host) == Endpoint(kind, region)


def test_regions_of_the_finance_cloud_have_two_spellings() -> None:
    assert same_region("cn-hzfinance", "cn-hangzhou-finance")
    assert not same_region("cn-hzfinance", "cn-hangzhou")
    assert endpoint_of("cn-hzfinance") == "oss-cn-hzfinance.aliyuncs.com"
    assert endpoint_of("cn-hangzhou-finance", internal=True) == "oss-cn-hzfinance-internal.aliyuncs.com"


def test_an_endpoint_is_made_of_a_region_and_of_nothing_else() -> None:
    assert endpoint_of("cn-hangzhou") == "oss-cn-hangzhou.aliyuncs.com"
    assert endpoint_of("xx-new-1", internal=True) == "oss-xx-new-1-internal.aliyuncs.com"
    assert endpoint_of("rg-china-mainland", internal=True) == ""
    assert endpoint_of("cn-hangzhou.evil.com/;rm") == ""
    assert (has_oss_hdfs("cn-shanghai"), has_oss_hdfs("cn-heyuan")) == (True, False)


def test_a_cluster_in_the_bucket_s_region_gets_the_internal_endpoint() -> None:
    diagnosis = diagnosed(healthy(), denial(host="data.oss-cn-shanghai.aliyuncs.com", ec="0003-00001403"))
    assert advice(diagnosis).document == "oss://data.oss-cn-hangzhou-internal.aliyuncs.com/"
    said = advice(diagnosis).statement.render()
    assert "fs.oss.bucket.data.endpoint to oss-cn-hangzhou-internal.aliyuncs.com" in said


def test_a_cluster_elsewhere_gets_the_public_endpoint_and_hears_what_cannot_work() -> None:
    denied = denial(host="data.oss-cn-beijing-internal.aliyuncs.com", ec="0003-00001403")
    diagnosis = diagnosed(healthy(the_cluster=FAR), denied)
    assert advice(diagnosis).document == "oss://data.oss-cn-hangzhou.aliyuncs.com/"
    said = advice(diagnosis).statement.render()
    assert "From cn-beijing only this public endpoint works" in said
    assert "OSS-HDFS serve their own region only" in said


def test_oss_hdfs_of_another_region_has_no_endpoint_that_helps() -> None:
    diagnosis = diagnosed(healthy(the_cluster=FAR), denial(host="data.cn-beijing.oss-dls.aliyuncs.com"))
    assert diagnosis.cause == "wrong_endpoint"
    assert advice(diagnosis).document == ""
    assert "OSS-HDFS serves its own region over VPC only" in advice(diagnosis).statement.render()


def test_a_request_that_reached_the_region_over_an_odd_way_is_no_wrong_endpoint() -> None:
    region = finding(diagnosed(healthy(the_cluster=FAR), denial()), "region")
    assert region.answer == "passed"
    assert any("connection of its own" in each.statement.render() for each in region.evidence)


@pytest.mark.parametrize("host", ["data.oss-cn-hangzhou.aliyuncs.com", "data.oss-accelerate.aliyuncs.com"])
def test_public_and_accelerated_endpoints_are_fine(host: str) -> None:
    assert finding(diagnosed(healthy(), denial(host=host)), "region").answer == "passed"


def test_a_bucket_that_no_page_knows_the_region_of_gets_nothing_to_paste() -> None:
    fake = healthy(the_bucket=replaced(region="cn-x;reboot"))
    diagnosis = diagnosed(fake, denial(ec="0003-00001403"))
    assert (diagnosis.cause, advice(diagnosis).document) == ("wrong_endpoint", "")


def test_without_any_region_the_question_stays_open() -> None:
    fake = healthy(the_bucket=Unread("GetBucketInfo", "refused"), the_cluster=Absent())
    denied = denial(host="files.example.com")
    assert finding(diagnosed(fake, denied), "region").answer == "unknown"
