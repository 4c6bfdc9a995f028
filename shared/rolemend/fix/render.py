"""From a typed fix to its four forms: the one place that knows every type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rolemend.fix import configuration, identities, maxcompute, model, resources
from rolemend.fix.forms import Forms, write
from rolemend.fix.model import Fix
from rolemend.fix.steps import Steps

_STEPS: dict[type, Callable[[Any], Steps]] = {
    model.GrantPolicy: identities.grant_policy,
    model.AttachSystemPolicy: identities.attach_system_policy,
    model.ReplacePolicy: identities.replace_policy,
    model.DetachPolicy: identities.detach_policy,
    model.ReplaceTrust: identities.replace_trust,
    model.CreateRole: identities.create_role,
    model.ReplaceBucketPolicy: resources.replace_bucket_policy,
    model.ReplaceKeyPolicy: resources.replace_key_policy,
    model.SetCoreSite: configuration.set_core_site,
    model.SetJob: configuration.set_job,
    model.UseRole: configuration.use_role,
    model.GrantData: resources.grant_data,
    model.GrantProject: maxcompute.grant_project,
}


def steps_of(fix: Fix) -> Steps:
    """A fix in calls, commands and blocks of Terraform."""
    return _STEPS[type(fix)](fix)


def render(fix: Fix | Steps) -> Forms:
    """The four forms of a fix. Never raises: what is no name or no document is a placeholder."""
    return write(fix if isinstance(fix, Steps) else steps_of(fix))
