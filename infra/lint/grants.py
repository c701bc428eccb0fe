"""What each function may do: the one table that the roles in the template are held against.

A grant is (action, resource); resources are the template's logical names, with the index behind a slash. Besides these every
function writes its own log and its traces. Who adds a call to a function adds its grant here and in the template.
"""

TABLE, SESSIONS = "OnboardingTable", "EphemeralTable"
DUE, LISTS = "OnboardingTable/index/ByDue", "OnboardingTable/index/ByState"


def _on(resource, *actions):
    return {(action, resource) for action in actions}


LINKS = _on("LinkKey", "secretsmanager:GetSecretValue")
APP = _on("AppCredential", "secretsmanager:GetSecretValue")
OPEN = _on("TokenKey", "kms:Decrypt")
# Task tokens have no resource of their own in IAM.
SIGNAL = _on("*", "states:SendTaskSuccess")
RECORD = _on(TABLE, "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem")
STEP = RECORD | APP | OPEN

GRANTS = {
    # people
    "signup": _on(TABLE, "dynamodb:GetItem", "dynamodb:PutItem") | _on(LISTS, "dynamodb:Query")
    | _on(SESSIONS, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem") | _on("Association", "states:StartExecution") | LINKS,
    "sign-in": RECORD | _on(SESSIONS, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem") | LINKS | APP | SIGNAL
    | _on("TokenKey", "kms:Encrypt"),
    "progress": _on(TABLE, "dynamodb:Query") | LINKS,
    "decide": RECORD | _on(TABLE, "dynamodb:DeleteItem") | _on(SESSIONS, "dynamodb:GetItem") | LINKS | SIGNAL,
    "operator": RECORD | _on(TABLE, "dynamodb:DeleteItem", "dynamodb:GetItem") | _on(LISTS, "dynamodb:Query")
    | _on(SESSIONS, "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
    | _on("Association", "states:StartExecution") | LINKS | APP | SIGNAL,
    # the state machine
    "register": _on(TABLE, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"),
    "request-sign-in": RECORD,
    "use-existing-directory": STEP | _on(TABLE, "dynamodb:GetItem"),
    "associate-credentials": STEP,
    "assess-impact": STEP,
    "map-directory": STEP,
    "add-administrator": STEP,
    "restore-access": STEP | _on(TABLE, "dynamodb:GetItem"),
    "confirm-changes": STEP,
    "release": STEP | _on(TABLE, "dynamodb:DeleteItem", "dynamodb:GetItem"),
    # upkeep
    "notify": _on(TABLE, "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
    | _on("OnboardingTable.StreamArn", "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
    | _on("*", "dynamodb:ListStreams", "ses:SendEmail") | _on("UnsentMail", "sqs:SendMessage") | LINKS,
    "publish": _on(TABLE, "dynamodb:GetItem")
    | _on("OnboardingTable.StreamArn", "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
    | _on("*", "dynamodb:ListStreams") | _on("UntoldEvents", "sqs:SendMessage") | _on("Bus", "events:PutEvents"),
    "webhook": _on("WebhookQueue", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
    | _on("WebhookSecret", "secretsmanager:GetSecretValue"),
    "bounces": RECORD,
    "sweep": _on(DUE, "dynamodb:Query") | _on(LISTS, "dynamodb:Query") | RECORD | _on(TABLE, "dynamodb:GetItem") | SIGNAL,
}

EVERYONE = {("xray:PutTelemetryRecords", "*"), ("xray:PutTraceSegments", "*")}

# Log delivery and tracing of a state machine name no resources.
MACHINE_ITSELF = _on(
    "*",
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
    "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
)

# A variable in a function's environment tells it of a resource: it has the variable exactly if it has the right.
TOLD_BY = {
    "ONBOARDING_TABLE": "OnboardingTable",
    "EPHEMERAL_TABLE": "EphemeralTable",
    "TOKEN_KEY_ARN": "TokenKey",
    "APP_CREDENTIAL_SECRET_ID": "AppCredential",
    "LINK_KEY_SECRET_ID": "LinkKey",
    "STATE_MACHINE_ARN": "Association",
    "EVENT_BUS": "Bus",
    "WEBHOOK_SECRET_ID": "WebhookSecret",
}
