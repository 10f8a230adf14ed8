"""
The calls that AWS makes behind a call, in the name of its caller: one function each, which answers with (action, resource,
condition keys). Each names the page that says so.
"""
from iam_keys import key_of_bucket, key_of_secret
from iam_resources import arn_of, ses_identity, value_of


def calls_behind(call, parameters, region, account):
    action = call[0]
    found = [more for rule in RULES.get(action, []) for more in rule(call, parameters, region, account)]
    return [each for each in found if each[1]]


def through(service, key, region, *actions):
    return [(action, key, {"kms:ViaService": f"{service}.{region}.amazonaws.com"}) for action in actions] if key else []


# AWS Secrets Manager User Guide, "Permissions for the KMS key".
def opens_secret(call, parameters, region, account):
    return through("secretsmanager", key_of_secret(call[1]), region, "kms:Decrypt")


def seals_secret(call, parameters, region, account):
    key = parameters.get("KmsKeyId") or key_of_secret(call[1])
    return through("secretsmanager", key, region, "kms:GenerateDataKey", "kms:Decrypt")


def tags_secret(call, parameters, region, account):
    return [("secretsmanager:TagResource", call[1], call[2])] if parameters.get("Tags") else []


# Service Authorization Reference, Amazon RDS: the resource types of the action.
def beside_databases(call, parameters, region, account):
    action, _, context = call
    major = value_of(parameters, "EngineVersion").split(".")[0] or "17"
    option_group = value_of(parameters, "OptionGroupName") or f"default:postgres-{major}"
    return [
        (action, arn_of("subgrp", value_of(parameters, "DBSubnetGroupName"), region, account), context),
        (action, arn_of("pg", value_of(parameters, "DBParameterGroupName"), region, account), context),
        (action, arn_of("og", option_group, region, account), context),
    ]


def from_database(call, parameters, region, account):
    source = arn_of("db", value_of(parameters, "SourceDBInstanceIdentifier"), region, account)
    return [(call[0], source, call[2])]


# Amazon RDS User Guide, "Tagging Amazon RDS resources".
def tags_database(call, parameters, region, account):
    return [("rds:AddTagsToResource", call[1], call[2])] if call[2].get("aws:TagKeys") else []


# "Overview of encrypting Amazon RDS resources"; a restored instance has the key of its source.
def encrypts_storage(call, parameters, region, account):
    from ministack.services import rds

    source = rds._instances.get(value_of(parameters, "SourceDBInstanceIdentifier")) or {}
    key = value_of(parameters, "KmsKeyId") or source.get("KmsKeyId")
    lent = {"kms:ViaService": f"rds.{region}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
    return [("kms:DescribeKey", key, lent), ("kms:CreateGrant", key, lent)] if key else []


# "Password management with Amazon RDS and AWS Secrets Manager", permissions required.
def manages_password(call, parameters, region, account):
    if value_of(parameters, "ManageMasterUserPassword") != "true":
        return []
    secret = arn_of("secret", "rds!db-00000000-0000-0000-0000-000000000000-a1b2c3", region, account)
    secret = secret.replace(":rds:", ":secretsmanager:", 1)
    key = value_of(parameters, "MasterUserSecretKmsKeyId")
    lent = {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
    return [
        ("secretsmanager:CreateSecret", secret, {}),
        ("secretsmanager:TagResource", secret, {}),
        *through("secretsmanager", key, region, "kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey"),
        ("kms:CreateGrant", key, lent),
    ]


# AWS' notice of 2024-08-15 on DeleteDBInstance: a last snapshot is created, and tagged where tags are copied.
def takes_last_snapshot(call, parameters, region, account):
    name = value_of(parameters, "FinalDBSnapshotIdentifier")
    if not name:
        return []
    snapshot = arn_of("snapshot", name, region, account)
    return [
        ("rds:CreateDBSnapshot", call[1], {}),
        ("rds:CreateDBSnapshot", snapshot, {}),
        ("rds:AddTagsToResource", snapshot, {}),
    ]


# Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys".
def through_bucket(call, *actions):
    key = key_of_bucket(call[1])
    # In the bucket's own region, which is the key's: the emulator knows none of a link that was signed before.
    return through("s3", key, key.split(":")[3], *actions) if key else []


def reads_object(call, parameters, region, account):
    return through_bucket(call, "kms:Decrypt")


def writes_object(call, parameters, region, account):
    return through_bucket(call, "kms:GenerateDataKey", "kms:Decrypt")


# Service Authorization Reference, Amazon SES v2: the configuration set is a resource of the action too.
def by_configuration_set(call, parameters, region, account):
    name = parameters.get("ConfigurationSetName")
    return [(call[0], f"arn:aws:ses:{region}:{account}:configuration-set/{name}", call[2])] if name else []


# A recipient that is an identity of the account is asked for as well: in the sandbox of SES every recipient is one.
def to_own_identities(call, parameters, region, account):
    recipients = (parameters.get("Destination") or {}).get("ToAddresses", [])
    return [(call[0], ses_identity(address, region, account), call[2]) for address in recipients]


RULES = {
    "ses:SendEmail": [by_configuration_set, to_own_identities],
    "secretsmanager:GetSecretValue": [opens_secret],
    "secretsmanager:PutSecretValue": [seals_secret],
    "secretsmanager:UpdateSecret": [seals_secret],
    "secretsmanager:CreateSecret": [seals_secret, tags_secret],
    "rds:CreateDBInstance": [beside_databases, tags_database, encrypts_storage, manages_password],
    "rds:RestoreDBInstanceToPointInTime": [from_database, beside_databases, tags_database, encrypts_storage],
    "rds:ModifyDBInstance": [manages_password],
    "rds:DeleteDBInstance": [takes_last_snapshot],
    "s3:GetObject": [reads_object],
    "s3:PutObject": [writes_object],
}
