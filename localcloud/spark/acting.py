"""Whom a job acts for: its execution role, or the one for whom the role acts.

DLF with access control is asked as the submitter, or as the creator of the token of a Livy gateway; MaxCompute as the
submitter; everything else as the role itself.
https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.authorize import judge
from localcloud.call import Call
from localcloud.identity import Caller
from localcloud.spark.failure import JobFailure
from localcloud.spark.storage import SOURCE_IP, USER_AGENT

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.sts.state import Session


@dataclass(frozen=True, slots=True)
class Acting:
    """The identities of one job run: the role's session, the submitter, and the creator of its Livy token."""

    cloud: Cloud
    region: str
    session: Session
    submitter: str
    token_creator: str = ""

    @property
    def account(self) -> str:
        return self.session.account

    @property
    def role(self) -> Caller:
        session = self.session
        return Caller(
            type="assumed-role",
            account=session.account,
            principal_id=f"{session.role_id}:{session.name}",
            name=f"{session.role}:{session.name}",
            role=session.role,
            session=session.name,
        )

    def person(self, uid: str) -> Caller:
        """The account, the user or the role with this UID; JobFailure if it was deleted since."""
        ram = self.cloud.state.accounts[self.account].ram
        if uid == self.account:
            return Caller(type="root-account", account=uid, principal_id=uid)
        for user in ram.users.values():
            if user.id == uid:
                return Caller(type="ram-user", account=self.account, principal_id=uid, name=user.name)
        for role in ram.roles.values():
            if role.id == uid:
                return Caller(
                    type="assumed-role",
                    account=self.account,
                    principal_id=f"{uid}:spark",
                    name=f"{role.name}:spark",
                    role=role.name,
                    session="spark",
                )
        raise JobFailure("EntityNotExist", f"EntityNotExist: there is nobody with the UID {uid}.")

    def is_allowed(self, caller: Caller, action: str, resource: str) -> bool:
        """Whether RAM lets a caller do something; the account's root user may do everything in it."""
        now = self.cloud.clock()
        headers = {"user-agent": USER_AGENT}
        call = Call("POST", "", "/", "/", "", headers, b"", SOURCE_IP, now, self.region)
        return judge(self.cloud, caller, call, action, resource).outcome == "allow"

    def require(self, caller: Caller, action: str, resource: str, form: str) -> None:
        """JobFailure with the text `form` around RAM's own sentence, unless the caller may do it."""
        if not self.is_allowed(caller, action, resource):
            sentence = f"You are not authorized to do this action. Resource: {resource} Action: {action}"
            raise JobFailure("NoPermission", form.format(sentence))
