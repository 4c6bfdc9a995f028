"""Requests that were sent wrongly: place, key, token, signature, clock, scheme, headers."""

from __future__ import annotations

from rolemend.explain.fixes.parts import Fix, Names, Raw, aliyun, call, compact, hcl, list_path, oss, ram
from rolemend.text import text


def wrong_endpoint(names: Names) -> Fix:
    """FAQ 2.1: the bucket's region, or its endpoint in the path."""
    path = f"oss://{names.bucket}.{names.right_endpoint}/"
    return Fix(
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
        cli=f"aliyun oss stat oss://{names.bucket} --endpoint {names.right_endpoint}",
        terraform=hcl("data", "alicloud_oss_buckets", name_regex=f"^{names.bucket}$"),
        api=oss("GET", names.bucket, "location"),
        risk=text("Traffic between regions over the public endpoint costs money and leaves the VPC."),
        verify=f"hdfs dfs -ls {path}",
    )


def signature(names: Names) -> Fix:
    """A secret that does not belong to the key, or a request that was changed on its way."""
    return Fix(
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
        cli=f"aliyun ram ListAccessKeys --UserName {names.user}",
        terraform=hcl("resource", "alicloud_ram_access_key", user_name=names.user),
        api=ram("ListAccessKeys", UserName=names.user),
        risk=text(
            "A new key pair opens a second way in: disable the old one when the new one works. On EMR, "
            "prefer the role and use no key at all."
        ),
        verify=list_path(names),
    )


def access_key(names: Names) -> Fix:
    """A key that does not exist, or is disabled."""
    return Fix(
        what=text("The AccessKey id is not known, is disabled, or may not be used from this address."),
        console=(
            text(
                "In the RAM console, open the user, Authentication > AccessKey, and check that the id is "
                "there and enabled; mind spaces before and behind it."
            ),
        ),
        cli=" && ".join(
            (
                aliyun("ram", "ListAccessKeys", UserName=names.user),
                aliyun(
                    "ram",
                    "UpdateAccessKey",
                    UserName=names.user,
                    UserAccessKeyId="YOUR_KEY_ID",
                    Status="Active",
                ),
            )
        ),
        terraform=hcl("resource", "alicloud_ram_access_key", user_name=names.user, status="Active"),
        api=ram("UpdateAccessKey", UserName=names.user, UserAccessKeyId="YOUR_KEY_ID", Status="Active"),
        risk=text("A key may have been disabled because it leaked: ask before you enable it again."),
        verify="aliyun sts GetCallerIdentity",
    )


def _session(names: Names) -> dict[str, object]:
    arn = f"acs:ram::YOUR_ACCOUNT:role/{names.role}"
    return {"RoleArn": arn, "RoleSessionName": "test", "DurationSeconds": 3600}


def token(names: Names) -> Fix:
    """Temporary credentials that expired or do not belong together."""
    return Fix(
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
        cli=aliyun("sts", "AssumeRole", **_session(names)),
        terraform=hcl("resource", "alicloud_ram_role", role_name=names.role, max_session_duration=43200),
        api=call("Sts", "2015-04-01", "AssumeRole", **_session(names)),
        risk=text("A longer session is a longer time in which a leaked token works."),
        verify="aliyun sts GetCallerIdentity",
    )


def _chrony(names: Names) -> dict[str, object]:
    return {"RegionId": names.region, "Type": "RunShellScript", "CommandContent": "chronyc makestep"}


def clock(names: Names) -> Fix:
    """A clock that is more than 15 minutes off."""
    return Fix(
        what=text("The clock of the machine that signed the request differs by more than 15 minutes."),
        console=(
            text(
                "Set the clock of the node with NTP, and check its time zone; a request that waits long "
                "after it was signed fails in the same way."
            ),
        ),
        cli=aliyun("ecs", "RunCommand", **_chrony(names), **{"InstanceId.1": "YOUR_INSTANCE"}),
        terraform=hcl(
            "resource",
            "alicloud_ecs_command",
            name="clock",
            type="RunShellScript",
            command_content=Raw('base64encode("chronyc makestep")'),
        ),
        api=call("Ecs", "2014-05-26", "RunCommand", **_chrony(names)),
        risk=text("A clock that jumps can upset databases and schedulers on the same node."),
        verify="date -u && chronyc tracking",
    )


def https_only(names: Names) -> Fix:
    """A service or bucket that answers over TLS only."""
    return Fix(
        what=text("The request was sent over http, and only https is accepted."),
        faq="2.3",
        console=(
            text(
                "Set fs.oss.https.enable to true in core-site.xml, or write https:// in the endpoint of "
                "the client."
            ),
        ),
        cli=f"aliyun oss ls oss://{names.bucket} --endpoint https://{names.right_endpoint}",
        terraform='provider "alicloud" {\n  protocol = "HTTPS"\n}',
        api=oss("GET", names.bucket, "policy"),
        risk=text("None for the data. TLS costs a little processor time on the nodes."),
        verify=list_path(names),
    )


def client(names: Names) -> Fix:
    """Settings of the client, not of the account."""
    return Fix(
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
        cli="aliyun emr ListApplicationConfigs --RegionId "
        + names.region
        + " --ClusterId YOUR_CLUSTER --ApplicationName HADOOP-COMMON",
        terraform=(
            "# Settings of an existing cluster are changed in the console or with UpdateApplicationConfigs."
        ),
        api=call(
            "Emr",
            "2021-03-20",
            "UpdateApplicationConfigs",
            ClusterId="YOUR_CLUSTER",
            ApplicationName="HADOOP-COMMON",
        ),
        risk=text("Services of the cluster must be restarted after core-site.xml was changed."),
        verify=list_path(names),
    )


def requester_pays(names: Names) -> Fix:
    """A bucket whose requester pays."""
    return Fix(
        what=text("The bucket lets its requester pay, and the request did not agree to that."),
        console=(
            text(
                "Sign the request and send the header x-oss-request-payer: requester, or ask the "
                "bucket's owner to switch pay-by-requester off."
            ),
        ),
        cli=f"aliyun oss ls oss://{names.bucket} --payer requester",
        terraform=hcl(
            "resource", "alicloud_oss_bucket_request_payment", bucket=names.bucket, payer="BucketOwner"
        ),
        api=oss("GET", names.bucket, "requestPayment"),
        risk=text("Your account is charged for requests and traffic from then on."),
        verify=list_path(names),
    )


def anonymous(names: Names) -> Fix:
    """A request that nobody signed."""
    return Fix(
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
        cli="curl http://100.100.100.200/latest/meta-data/ram/security-credentials/",
        terraform=hcl("resource", "alicloud_oss_bucket_acl", bucket=names.bucket, acl="private"),
        api=oss("GET", names.bucket, "acl"),
        risk=text("A public bucket can be read by everybody. Credentials are the safer way."),
        verify=list_path(names),
    )


def referer(names: Names) -> Fix:
    """Hotlink protection."""
    return Fix(
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
        cli=f"aliyun oss referer --method get oss://{names.bucket}",
        terraform=hcl(
            "resource", "alicloud_oss_bucket_referer", bucket=names.bucket, allow_empty_referer=True
        ),
        api=oss("GET", names.bucket, "referer"),
        risk=text("An empty Referer lets every client in that sends none."),
        verify=list_path(names),
    )


def public_block(names: Names) -> Fix:
    """Block Public Access."""
    return Fix(
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
        cli=f"ossutil api get-bucket-public-access-block --bucket {names.bucket}",
        terraform=hcl(
            "resource",
            "alicloud_oss_bucket_public_access_block",
            bucket=names.bucket,
            block_public_access=True,
        ),
        api=oss("GET", names.bucket, "publicAccessBlock"),
        risk=text("With the block off, one public ACL opens the data to the whole internet."),
        verify=list_path(names),
    )


def archived(names: Names) -> Fix:
    """An object that must be restored before it can be read."""
    return Fix(
        what=text("The object is archived and must be restored before it can be read; no right is missing."),
        console=(
            text(
                "In the OSS console, restore the object, or all of a prefix with ossutil, wait until it "
                "is done, and run the job again."
            ),
        ),
        cli=f"aliyun oss restore oss://{names.bucket}/YOUR_PREFIX/ -r",
        terraform=hcl(
            "resource", "alicloud_oss_bucket_archive_direct_read", bucket=names.bucket, enabled=True
        ),
        api=compact(
            {
                "product": "Oss",
                "method": "POST",
                "bucket": names.bucket,
                "object": "YOUR_OBJECT",
                "subresource": "restore",
            }
        ),
        risk=text(
            "Restoring and reading archived data is charged, and the copy is kept for the days you ask for."
        ),
        verify=list_path(names),
    )


def suspended(names: Names) -> Fix:
    """An account that may not use the service."""
    return Fix(
        what=text("The account, or the bucket owner's account, is overdue or suspended."),
        console=(
            text(
                "In the console, open Expenses and pay what is overdue, then look in the message center "
                "for a notice of security or of a closed account."
            ),
        ),
        cli="aliyun bssopenapi QueryAccountBalance",
        terraform='data "alicloud_account" "current" {}',
        api=call("BssOpenApi", "2017-12-14", "QueryAccountBalance"),
        risk=text("Data of an overdue account is deleted after some days: do not wait."),
        verify=list_path(names),
    )
