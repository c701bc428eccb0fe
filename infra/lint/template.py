"""Rules for the template, and for the template and the state machine together. cfn-lint knows the rest."""

import re

from grants import EVERYONE, GRANTS, MACHINE_ITSELF, TOLD_BY
from machine import INVOKE, LOAD, PARK, tasks
from model import folder_of, many, walk

NEEDS = {INVOKE: "lambda:InvokeFunction", LOAD: "dynamodb:GetItem", PARK: "dynamodb:UpdateItem"}
FUNCTION, ROLE, POLICY = "AWS::Serverless::Function", "AWS::IAM::Role", "AWS::IAM::Policy"


def named(value):
    """A resource in a policy, by the template's logical names."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return value["Ref"]
    if "Fn::GetAtt" in value:
        resource, attribute = value["Fn::GetAtt"]
        return resource if attribute in ("Arn", "Id") else f"{resource}.{attribute}"
    text = value.get("Fn::Sub")
    match = re.fullmatch(r"\$\{(\w+)\.Arn\}(/.+)", text) if isinstance(text, str) else None
    return match.group(1) + match.group(2) if match else repr(value)


def role_of(function):
    return function["Properties"]["Role"]["Fn::GetAtt"][0]


def statements(project, role):
    """All that a role may do, from its own policies and from those that name it."""
    own = [policy["PolicyDocument"] for policy in project.resources[role]["Properties"].get("Policies", [])]
    for policy in project.of_type(POLICY).values():
        if {"Ref": role} in policy["Properties"]["Roles"]:
            own.append(policy["Properties"]["PolicyDocument"])
    return [statement for document in own for statement in document["Statement"]]


def granted(project, role):
    return {
        (action, named(resource))
        for statement in statements(project, role)
        for action in many(statement["Action"])
        for resource in many(statement["Resource"])
    }


def functions(project):
    """Folder name -> (logical name, resource)."""
    return {folder_of(name): (name, body) for name, body in project.of_type(FUNCTION).items()}


def compare(what, has, wants):
    for action, resource in sorted(has - wants):
        yield f"{what}: {action} on {resource} is granted and not needed"
    for action, resource in sorted(wants - has):
        yield f"{what}: {action} on {resource} is needed and not granted"


def same_functions(project):
    template = set(functions(project))
    for name in sorted(template ^ project.functions):
        yield f"{name}: in the template or in functions/, but not in both"
    for name in sorted(template ^ GRANTS.keys()):
        yield f"{name}: in the template or in the table of grants, but not in both"


def roles(project):
    users = {}
    for folder, (name, body) in functions(project).items():
        role = role_of(body)
        users.setdefault(role, []).append(name)
        log = f"{name}Log"
        wants = GRANTS.get(folder, set()) | EVERYONE | {("logs:CreateLogStream", log), ("logs:PutLogEvents", log)}
        yield from compare(folder, granted(project, role), wants)
    for role, names in users.items():
        if len(names) > 1:
            yield f"{role}: shared by {', '.join(names)}"
    for role, body in project.of_type(ROLE).items():
        if body["Properties"].get("ManagedPolicyArns"):
            yield f"{role}: managed policies grant more than is needed"
        for statement in statements(project, role):
            if statement["Effect"] != "Allow" or "Sid" not in statement:
                yield f"{role}: statements allow, and say by their Sid what for"
            for action in many(statement["Action"]):
                if "*" in action:
                    yield f"{role}: {action} grants more than is needed"
            if "ses:SendEmail" in many(statement["Action"]) and "ses:FromAddress" not in str(statement.get("Condition")):
                yield f"{role}: mail may be sent from our own address only"


def keys(project):
    """Who may seal and open sign-ins stands in the roles and in the key's own policy: both say the same."""
    policy = project.resources["TokenKey"]["Properties"]["KeyPolicy"]["Statement"]
    for action in ("kms:Encrypt", "kms:Decrypt"):
        by_key = {
            principal["Fn::GetAtt"][0]
            for statement in policy
            if action in many(statement["Action"])
            for principal in many(statement["Principal"]["AWS"])
            if isinstance(principal, dict) and "Fn::GetAtt" in principal
        }
        by_role = {role for role in project.of_type(ROLE) if (action, "TokenKey") in granted(project, role)}
        for role in sorted(by_key ^ by_role):
            yield f"{role}: {action} with the token key stands in the role or in the key's policy, but not in both"
    for statement in policy:
        principals = many(statement["Principal"]["AWS"])
        direct = all(isinstance(principal, dict) and "Fn::GetAtt" in principal for principal in principals)
        for action in many(statement["Action"]):
            if not direct and re.match(r"kms:(\*|Encrypt|Decrypt|ReEncrypt|Generate)", action):
                yield f"TokenKey: {action} is for named roles only"
    for name, body in project.of_type("AWS::KMS::Key").items():
        if body["Properties"].get("EnableKeyRotation") is not True:
            yield f"{name}: the key must rotate"


def environments(project):
    for folder, (name, body) in functions(project).items():
        variables = body["Properties"]["Environment"]["Variables"]
        may = {resource.split("/")[0].split(".")[0] for _, resource in GRANTS.get(folder, set())}
        for variable, resource in TOLD_BY.items():
            if (variable in variables) != (resource in may):
                yield f"{folder}: {variable} and the right to {resource} belong together"
            elif variable in variables and named(variables[variable]) != resource:
                yield f"{folder}: {variable} must name {resource}"
        sends = any(action == "ses:SendEmail" for action, _ in GRANTS.get(folder, set()))
        if ("MAIL_FROM" in variables) != sends:
            yield f"{folder}: MAIL_FROM and the right to send mail belong together"
        if ("SIMULATED_MICROSOFT" in variables) != ("RETIRED_CLOUDS" in variables):
            yield f"{folder}: who calls Microsoft needs both SIMULATED_MICROSOFT and RETIRED_CLOUDS"


def function_settings(project):
    for folder, (name, body) in functions(project).items():
        properties = body["Properties"]
        if properties.get("CodeUri") != f"target/lambda/{folder}/":
            yield f"{folder}: CodeUri must be target/lambda/{folder}/"
        if body.get("Metadata") != {"SkipBuild": True}:
            yield f"{folder}: the workspace build has built it: Metadata must be SkipBuild"
        if properties.get("FunctionName") != {"Fn::Sub": "${AWS::StackName}-" + folder}:
            yield f"{folder}: FunctionName must be the stack's name and the folder's"
        if properties.get("LoggingConfig", {}).get("LogGroup") != {"Ref": f"{name}Log"}:
            yield f"{folder}: must log to its own group"
        if not 0 < properties.get("Timeout", 0) <= 60:
            yield f"{folder}: needs a Timeout of at most a minute"
    for name, body in project.of_type("AWS::Logs::LogGroup").items():
        if "RetentionInDays" not in body["Properties"]:
            yield f"{name}: logs need a retention"


def http(project):
    """Every route leads to a function that the API may call; GET and POST only."""
    integrations = {}
    for name, body in project.of_type("AWS::ApiGatewayV2::Integration").items():
        integrations[name] = body["Properties"]["IntegrationUri"]["Fn::GetAtt"][0]
    callable_ = {
        body["Properties"]["FunctionName"]["Ref"]
        for body in project.of_type("AWS::Lambda::Permission").values()
        if body["Properties"]["Principal"] == "apigateway.amazonaws.com"
    }
    routes = {}
    for name, body in project.of_type("AWS::ApiGatewayV2::Route").items():
        key, target = body["Properties"]["RouteKey"], body["Properties"]["Target"]["Fn::Sub"]
        if not re.fullmatch(r"(GET|POST) /\S*", key):
            yield f"{name}: {key} is neither GET nor POST"
        if key in routes:
            yield f"{name}: {key} is there twice"
        routes[key] = name
        function = integrations.get(target.removeprefix("integrations/${").removesuffix("}"))
        if function not in callable_:
            yield f"{name}: the API may not call {function}"
    stage = project.resources["Stage"]
    for key in stage["Properties"]["RouteSettings"]:
        if key not in routes:
            yield f"Stage: settings for {key}, which is no route"
    for name in sorted(set(routes.values()) - set(stage["DependsOn"])):
        yield f"Stage: must depend on {name}"
    log_line = stage["Properties"]["AccessLogSettings"]["Format"]
    for private in ("$context.path", "querystring", "header", "cookie"):
        if private in log_line.lower():
            yield f"Stage: the access log must not hold {private}: links and codes travel there"


def data(project):
    for name, body in project.of_type("AWS::DynamoDB::Table").items():
        properties = body["Properties"]
        if not properties.get("SSESpecification", {}).get("KMSMasterKeyId"):
            yield f"{name}: must be encrypted with our own key"
        recovers = properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled", False)
        expires = "TimeToLiveSpecification" in properties
        if recovers == expires:
            yield f"{name}: either recovers in time or forgets: a restore must not revive a used session"
        if recovers and (body.get("DeletionPolicy"), body.get("UpdateReplacePolicy")) != ("Retain", "Retain"):
            yield f"{name}: must outlive the stack"
    for name, body in project.of_type("AWS::SecretsManager::Secret").items():
        text = body["Properties"].get("SecretString")
        if text is not None and text != '{"clouds":{}}':
            yield f"{name}: a secret's value does not belong in a template"
    local = project.template["Parameters"]["SimulatedMicrosoft"]
    pattern = re.compile(local["AllowedPattern"])
    if local["Default"] != "":
        yield "SimulatedMicrosoft: must be empty unless someone says otherwise"
    for address in ("https://login.microsoftonline.com", "http://10.0.0.1:80", "http://127.0.0.1.contoso.com:80", "http://localhost"):
        if pattern.search(address):
            yield f"SimulatedMicrosoft: takes {address}, and must take loopback addresses only"


def machine_and_template(project):
    """The machine's role may do exactly what the states need, and every placeholder has its value."""
    name, body = next(iter(project.of_type("AWS::Serverless::StateMachine").items()))
    substitutions = body["Properties"]["DefinitionSubstitutions"]
    used, wants = set(), set()
    for state_name, state in tasks(project).items():
        resource = state.get("Resource")
        if resource not in NEEDS:
            continue
        key = "FunctionName" if resource == INVOKE else "TableName"
        placeholder = re.fullmatch(r"\$\{(\w+)\}", state["Arguments"].get(key, ""))
        if not placeholder or placeholder.group(1) not in substitutions:
            yield f"{state_name}: {key} must be a placeholder that the template fills"
            continue
        used.add(placeholder.group(1))
        target = named(substitutions[placeholder.group(1)])
        wants.add((NEEDS[resource], target))
        if resource == INVOKE:
            limit = project.resources[target]["Properties"]["Timeout"]
            if state["TimeoutSeconds"] <= limit:
                yield f"{state_name}: gives up after {state['TimeoutSeconds']} s, the function only after {limit} s"
    # A number inside an expression is a placeholder too.
    for _, leaf in walk(project.states):
        if isinstance(leaf, str) and leaf.startswith("{%"):
            used |= set(re.findall(r"'\$\{(\w+)\}'", leaf))
    for unknown in sorted(used - substitutions.keys()):
        yield f"{name}: {unknown} is used and nothing fills it"
    for unused in sorted(substitutions.keys() - used):
        yield f"{name}: {unused} is substituted nowhere"
    yield from compare(name, granted(project, body["Properties"]["Role"]["Fn::GetAtt"][0]), wants | MACHINE_ITSELF)
    logging = body["Properties"]["Logging"]
    if logging["IncludeExecutionData"] is not False:
        yield f"{name}: execution data do not belong in logs"


RULES = [same_functions, roles, keys, environments, function_settings, http, data, machine_and_template]
