"""What a call to RDS or SES is about, as IAM sees it. Service Authorization Reference: Amazon RDS, Amazon SES v2."""
from ministack.services import rds, ses_v2

CONDITION_KEYS = {
    "AllocatedStorage": "rds:StorageSize",
    "DBInstanceClass": "rds:DatabaseClass",
    "Engine": "rds:DatabaseEngine",
    "ManageMasterUserPassword": "rds:ManageMasterUserPassword",
    "MultiAZ": "rds:MultiAz",
    "PubliclyAccessible": "rds:PubliclyAccessible",
    "StorageEncrypted": "rds:StorageEncrypted",
}


def value_of(parameters, name):
    value = parameters.get(name)
    return value[0] if isinstance(value, list) and value else value if isinstance(value, str) else ""


def arn_of(kind, name, region, account):
    return f"arn:aws:rds:{region}:{account}:{kind}:{name}"


def rds_resource(parameters, region, account):
    action = value_of(parameters, "Action")
    if value_of(parameters, "ResourceName"):
        return value_of(parameters, "ResourceName")
    if value_of(parameters, "DBSnapshotIdentifier"):
        return arn_of("snapshot", value_of(parameters, "DBSnapshotIdentifier"), region, account)
    if action == "RestoreDBInstanceToPointInTime":
        return arn_of("db", value_of(parameters, "TargetDBInstanceIdentifier"), region, account)
    if value_of(parameters, "DBInstanceIdentifier"):
        return arn_of("db", value_of(parameters, "DBInstanceIdentifier"), region, account)
    # All of them are asked for.
    whole = {
        "DescribeDBInstances": "db:*",
        "DescribeDBInstanceAutomatedBackups": "auto-backup:*",
        "DescribeDBSnapshots": "snapshot:*",
        "DescribeDBSubnetGroups": "subgrp:*",
    }.get(action)
    return f"arn:aws:rds:{region}:{account}:{whole}" if whole else "*"


def rds_context(parameters):
    return {key: value_of(parameters, name) for name, key in CONDITION_KEYS.items() if name in parameters}


def tags_of_databases():
    """Of instances and of snapshots, each with its ARN."""
    for instance in rds._instances.values():
        yield instance["DBInstanceArn"], instance.get("TagList") or rds._tags.get(instance["DBInstanceArn"]) or []
    for snapshot in rds._snapshots.values():
        yield snapshot["DBSnapshotArn"], snapshot.get("TagList") or []


def ses_identity(address, region, account):
    """An address that is an identity of the account, or else its domain when that is one."""
    found = [name for name in (address, address.split("@")[-1]) if name in ses_v2._identities]
    return f"arn:aws:ses:{region}:{account}:identity/{found[0]}" if found else None


def ses_context(mail):
    return {"ses:FromAddress": mail["FromEmailAddress"]} if mail.get("FromEmailAddress") else {}
