"""The general fix of every cause: its calls are ones that the SDKs know, and its Terraform is read as blocks."""

from __future__ import annotations

import pytest

from rolemend.explain.answer import CAUSES, KINDS
from rolemend.fix.causes.table import fix_for
from rolemend.fix.forms import Forms
from rolemend.fix.names import Names, names_from
from tests.fix.reading import blocks, commands, from_api, from_cli
from tests.fix.test_forms import MODELS, known_to_sdk

NAMED = names_from(
    bucket="data-lake",
    role="emr-role",
    user="dana",
    action="oss:PutObject",
    region="cn-hangzhou",
    right_endpoint="oss-cn-beijing.aliyuncs.com",
    service="oss",
    who="emr-role",
)
EVERY = [(kind, cause) for kind in KINDS[:3] for cause in CAUSES if fix_for(kind, cause)]


def forms(kind: str, cause: str, names: Names) -> Forms:
    make = fix_for(kind, cause)
    assert make is not None
    return make(names).forms()


@pytest.mark.parametrize(
    "names", [NAMED, Names(), names_from(user="dana", by_user=True)], ids=["role", "none", "user"]
)
@pytest.mark.parametrize(("kind", "cause"), EVERY)
def test_the_four_forms_of_a_cause_are_what_they_should_be(kind: str, cause: str, names: Names) -> None:
    made = forms(kind, cause, names)
    assert made.console
    assert all(words for words in commands(made.cli))
    assert blocks(made.terraform) or made.terraform.startswith("# ")
    called = from_api(made.api)
    assert called
    assert {(call.product, call.action) for call in from_cli(made.cli)} <= {
        (call.product, call.action) for call in called
    }
    for call in called:
        assert call.product not in MODELS or known_to_sdk(call), call


@pytest.mark.parametrize(("kind", "cause"), EVERY)
def test_the_check_of_a_cause_is_one_command(kind: str, cause: str) -> None:
    make = fix_for(kind, cause)
    assert make is not None
    assert make(NAMED).verify.startswith(("hdfs dfs -ls oss://", "aliyun ", "date -u", "spark-sql "))
