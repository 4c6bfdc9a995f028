"""Requests that were sent wrongly: place, key, token, signature, clock, scheme, headers."""

from __future__ import annotations

from rolemend.fix.causes.case import Case, list_path
from rolemend.fix.model import SetCoreSite
from rolemend.fix.names import Names
from rolemend.fix.steps import Block, Call, Command, OssCall, Reference, ram
from rolemend.text import text


def wrong_endpoint(names: Names) -> Case:
    """FAQ 2.1: the bucket's region, or its endpoint in the path."""
    path = f"oss://{names.bucket}.{names.right_endpoint}/"
    return Case(
        what=text(
            "The request went to {endpoint}, and bucket {bucket} is in another region.",
            endpoint=names.endpoint,
            bucket=names.bucket,
        ),
        faq="2.1",
        console=(
            text("Write the bucket's endpoint into the path: {path}", path=path),
            text(
                "Or set fs.oss.bucket.{bucket}.endpoint in core-site.xml. From another region only "
                "the public endpoint works, and only from nodes with a public IP; OSS-HDFS works in "
                "one region only.",
                bucket=names.bucket,
            ),
        ),
        fix=SetCoreSite(settings={f"fs.oss.bucket.{names.bucket}.endpoint": names.right_endpoint}),
        risk=text("Traffic between regions over the public endpoint costs money and leaves the VPC."),
        verify=f"hdfs dfs -ls {path}",
    )


def signature(names: Names) -> Case:
    """A secret that does not belong to the key, or a request that was changed on its way."""
    return Case(
        what=text(
            "The signature does not match: the AccessKey secret is wrong, or something between client "
            "and service changed the request."
        ),
        console=(
            text(
                "Compare AccessKey id and secret with those in the RAM console, without spaces before or "
                "behind; create a new pair if the secret is lost."
            ),
            text(
                "If the pair is right, look for a proxy that rewrites headers, and for a URL that is "
                "encoded twice."
            ),
        ),
        calls=(ram("ListAccessKeys", UserName=names.user),),
        blocks=(Block(kind="alicloud_ram_access_key", arguments={"user_name": names.user}),),
        risk=text(
            "A new key pair opens a second way in: disable the old one when the new one works. On EMR, "
            "prefer the role and use no key at all."
        ),
        verify=list_path(names),
    )


def access_key(names: Names) -> Case:
    """A key that does not exist, or is disabled."""
    return Case(
        what=text("The AccessKey id is not known, is disabled, or may not be used from this address."),
        console=(
            text(
                "In the RAM console, open the user, Authentication > AccessKey, and check that the id is "
                "there and enabled; mind spaces before and behind it."
            ),
        ),
        calls=(
            ram("ListAccessKeys", UserName=names.user),
            ram("UpdateAccessKey", UserName=names.user, UserAccessKeyId="YOUR_KEY_ID", Status="Active"),
        ),
        blocks=(
            Block(kind="alicloud_ram_access_key", arguments={"user_name": names.user, "status": "Active"}),
        ),
        risk=text("A key may have been disabled because it leaked: ask before you enable it again."),
        verify="aliyun sts GetCallerIdentity",
    )


def _session(names: Names) -> dict[str, object]:
    arn = f"acs:ram::YOUR_ACCOUNT:role/{names.role}"
    return {"RoleArn": arn, "RoleSessionName": "test", "DurationSeconds": 3600}


def _hadoop(names: Names) -> dict[str, object]:
    return {"RegionId": names.region, "ClusterId": "YOUR_CLUSTER", "ApplicationName": "HADOOP-COMMON"}


def _read(command: str, subresource: str, names: Names) -> OssCall:
    return OssCall(command=command, method="GET", subresource=subresource, bucket=names.bucket)


def token(names: Names) -> Case:
    """Temporary credentials that expired or do not belong together."""
    return Case(
        what=text(
            "The temporary credentials have expired, are incomplete, or do not belong together; no "
            "policy is wrong."
        ),
        console=(
            text(
                "Take AccessKey id, secret and security token from one answer of AssumeRole, send all "
                "three, and renew them before they expire."
            ),
            text(
                "On EMR, use the credential provider of the ECS application role, which renews them by "
                "itself; in Spark, do not hand a token to executors once for all."
            ),
        ),
        calls=(Call("Sts", "2015-04-01", "AssumeRole", _session(names)),),
        blocks=(
            Block(
                kind="alicloud_ram_role",
                arguments={"role_name": names.role, "max_session_duration": 43200},
            ),
        ),
        risk=text("A longer session is a longer time in which a leaked token works."),
        verify="aliyun sts GetCallerIdentity",
    )


def _chrony(names: Names) -> dict[str, object]:
    return {
        "RegionId": names.region,
        "Type": "RunShellScript",
        "CommandContent": "chronyc makestep",
        "InstanceId": ["YOUR_INSTANCE"],
    }


def clock(names: Names) -> Case:
    """A clock that is more than 15 minutes off."""
    return Case(
        what=text("The clock of the machine that signed the request differs by more than 15 minutes."),
        console=(
            text(
                "Set the clock of the node with NTP, and check its time zone; a request that waits long "
                "after it was signed fails in the same way."
            ),
        ),
        calls=(Call("Ecs", "2014-05-26", "RunCommand", _chrony(names)),),
        blocks=(
            Block(
                kind="alicloud_ecs_command",
                arguments={
                    "name": "clock",
                    "type": "RunShellScript",
                    "command_content": Reference('base64encode("chronyc makestep")'),
                },
            ),
        ),
        risk=text("A clock that jumps can upset databases and schedulers on the same node."),
        verify="date -u && chronyc tracking",
    )


def https_only(names: Names) -> Case:
    """A service or bucket that answers over TLS only."""
    return Case(
        what=text("The request was sent over http, and only https is accepted."),
        faq="2.3",
        console=(
            text(
                "Set fs.oss.https.enable to true in core-site.xml, or write https:// in the endpoint of "
                "the client."
            ),
        ),
        fix=SetCoreSite(settings={"fs.oss.https.enable": "true"}),
        risk=text("None for the data. TLS costs a little processor time on the nodes."),
        verify=list_path(names),
    )


def client(names: Names) -> Case:
    """Settings of the client, not of the account."""
    return Case(
        what=text("The client is set up wrongly: the request never got as far as a policy."),
        console=(
            text(
                "Check fs.oss.impl, fs.oss.endpoint and fs.oss.credentials.provider in core-site.xml, "
                "and that the JindoSDK jars lie on the class path of the job."
            ),
            text(
                "Check the endpoint's spelling, that the bucket stands before it and not behind, and the "
                "account id. If the path is a local directory, check its owner."
            ),
        ),
        calls=(Call("Emr", "2021-03-20", "ListApplicationConfigs", _hadoop(names)),),
        note="Settings of an existing cluster are changed in the console or with UpdateApplicationConfigs.",
        risk=text("Services of the cluster must be restarted after core-site.xml was changed."),
        verify=list_path(names),
    )


def requester_pays(names: Names) -> Case:
    """A bucket whose requester pays."""
    return Case(
        what=text("The bucket lets its requester pay, and the request did not agree to that."),
        console=(
            text(
                "Sign the request and send the header x-oss-request-payer: requester, or ask the "
                "bucket's owner to switch pay-by-requester off."
            ),
        ),
        calls=(
            Command(("aliyun", "oss", "ls", names.path, "--payer", "requester")),
            _read("get-bucket-request-payment", "requestPayment", names),
        ),
        blocks=(
            Block(
                kind="alicloud_oss_bucket_request_payment",
                arguments={"bucket": names.bucket, "payer": "BucketOwner"},
            ),
        ),
        risk=text("Your account is charged for requests and traffic from then on."),
        verify=list_path(names),
    )


def anonymous(names: Names) -> Case:
    """A request that nobody signed."""
    return Case(
        what=text("The request was not signed, so the bucket saw nobody whom it could allow."),
        faq="2.3",
        console=(
            text(
                "Give the client credentials: on EMR the ECS application role through "
                "EcsStsCredentialsProvider, elsewhere a key or token."
            ),
            text(
                "If the data is meant to be public, say so in a bucket policy with the principal *; this "
                "needs Block Public Access off."
            ),
        ),
        calls=(
            Command(("curl", "http://100.100.100.200/latest/meta-data/ram/security-credentials/")),
            _read("get-bucket-acl", "acl", names),
        ),
        blocks=(Block(kind="alicloud_oss_bucket_acl", arguments={"bucket": names.bucket, "acl": "private"}),),
        risk=text("A public bucket can be read by everybody. Credentials are the safer way."),
        verify=list_path(names),
    )


def referer(names: Names) -> Case:
    """Hotlink protection."""
    return Case(
        what=text(
            "The hotlink protection of bucket {bucket} does not admit the Referer of the request.",
            bucket=names.bucket,
        ),
        faq="2.3",
        console=(
            text(
                "In the OSS console, open the bucket, Data Security > Hotlink Protection, and add the "
                "site to the whitelist or allow an empty Referer; jobs send none."
            ),
        ),
        calls=(_read("get-bucket-referer", "referer", names),),
        blocks=(
            Block(
                kind="alicloud_oss_bucket_referer",
                arguments={"bucket": names.bucket, "allow_empty_referer": True},
            ),
        ),
        risk=text("An empty Referer lets every client in that sends none."),
        verify=list_path(names),
    )


def public_block(names: Names) -> Case:
    """Block Public Access."""
    return Case(
        what=text(
            "Block Public Access is on, so neither ACL nor policy may make bucket {bucket} public.",
            bucket=names.bucket,
        ),
        faq="2.3",
        console=(
            text(
                "Leave it on and grant the identity that needs the data by a RAM policy or a bucket "
                "policy that names it."
            ),
            text(
                "Only if the data is meant for everybody: OSS console, the bucket, Permission Control > "
                "Block Public Access, off."
            ),
        ),
        calls=(_read("get-bucket-public-access-block", "publicAccessBlock", names),),
        blocks=(
            Block(
                kind="alicloud_oss_bucket_public_access_block",
                arguments={"bucket": names.bucket, "block_public_access": True},
            ),
        ),
        risk=text("With the block off, one public ACL opens the data to the whole internet."),
        verify=list_path(names),
    )


def archived(names: Names) -> Case:
    """An object that must be restored before it can be read."""
    return Case(
        what=text("The object is archived and must be restored before it can be read; no right is missing."),
        console=(
            text(
                "In the OSS console, restore the object, or all of a prefix with ossutil, wait until it "
                "is done, and run the job again."
            ),
        ),
        calls=(
            OssCall(
                command="restore-object",
                method="POST",
                subresource="restore",
                bucket=names.bucket,
                key="YOUR_OBJECT",
            ),
        ),
        blocks=(
            Block(
                kind="alicloud_oss_bucket_archive_direct_read",
                arguments={"bucket": names.bucket, "enabled": True},
            ),
        ),
        risk=text(
            "Restoring and reading archived data is charged, and the copy is kept for the days you ask for."
        ),
        verify=list_path(names),
    )


def suspended(names: Names) -> Case:
    """An account that may not use the service."""
    return Case(
        what=text("The account, or the bucket owner's account, is overdue or suspended."),
        console=(
            text(
                "In the console, open Expenses and pay what is overdue, then look in the message center "
                "for a notice of security or of a closed account."
            ),
        ),
        calls=(Call("BssOpenApi", "2017-12-14", "QueryAccountBalance"),),
        blocks=(Block(block="data", kind="alicloud_account"),),
        risk=text("Data of an overdue account is deleted after some days: do not wait."),
        verify=list_path(names),
    )
