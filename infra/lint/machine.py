"""Rules for the state machine. Each yields what is wrong, in words that say what to do."""

import re

from jsonata.jsonata import Jsonata
from model import walk

INVOKE = "arn:aws:states:::lambda:invoke"
LOAD = "arn:aws:states:::dynamodb:getItem"
PARK = "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken"
ALLOWED = {INVOKE, LOAD, PARK}

# The longest a state of each kind may take, in seconds.
LONGEST = {INVOKE: 120, LOAD: 60, PARK: 604800}
LONGEST_WAIT = 43200
LONGEST_EXECUTION = 30 * 86400
HAPPY_PATH_BUDGET = 35

# Names that AWS gives; see "Error names" and "Handling Lambda service exceptions" in the Step Functions guide.
AWS_ERRORS = {
    "States.ALL", "States.Timeout", "States.HeartbeatTimeout",
    "Lambda.ClientExecutionTimeoutException", "Lambda.ServiceException", "Lambda.AWSLambdaException",
    "Lambda.SdkClientException", "Lambda.TooManyRequestsException", "Lambda.Unknown",
    "Sandbox.Timedout", "Runtime.ExitError",
    # The service integration of the SDK spells DynamoDb, the optimised one DynamoDB.
    "DynamoDb.ConditionalCheckFailedException", "DynamoDb.ProvisionedThroughputExceededException",
    "DynamoDb.ThrottlingException", "DynamoDb.RequestLimitExceededException",
    "DynamoDB.ProvisionedThroughputExceededException", "DynamoDB.ThrottlingException",
    "DynamoDB.RequestLimitExceededException", "DynamoDB.InternalServerErrorException", "DynamoDB.SdkClientException",
}

# Names of the class `End` that the machine branches on; every other `End` ends the onboarding by States.ALL.
ENDS_OF_THEIR_OWN = {
    "Onboarding.AlreadyRunning", "Onboarding.Superseded", "Onboarding.Cancelled", "Wait.Expired",
}

STEPS = {
    "use-existing-directory": "1 Use existing directory",
    "associate-credentials": "2 Associate the Partner Center credentials",
    "assess-impact": "Assess impact",
    "map-directory": "3 Map the directory",
    "add-administrator": "4 Add the administrator",
    "restore-access": "Restore the access",
    "confirm-changes": "5 Confirm your changes",
}
# Two sign-ins, a review and a confirmation, nothing to wait for at Microsoft.
_WAIT = ["Wait for the person", "Load outcome", "Continue"]
HAPPY_PATH = [
    "Register",
    "Sign in with the Azure account", *_WAIT, "1 Use existing directory",
    "Sign in with the Partner Center account", *_WAIT, "2 Associate the Partner Center credentials",
    "Assess impact", "Assessed?", "Ask the partner to review", *_WAIT, "Sign in again with the Azure account", *_WAIT,
    "Cool off", "3 Map the directory", "Moved?", "4 Add the administrator", "Administrator added?",
    "Restore the access", "Restored?", "5 Confirm your changes", "Confirmed?", "Release", "How it ended", "Done",
]

EXPRESSION = re.compile(r"^\{%(.*)%\}$", re.DOTALL)
STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
JSONPATH_FIELDS = {"InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector", "SecondsPath", "TimeoutSecondsPath"}
TELLTALE = re.compile(r"secret|token|code|password|cookie|verifier|mail", re.IGNORECASE)
WIDENING = re.compile(r"^\$min\(\[(\d+), ")
TASK_TOKEN = "{% $states.context.Task.Token %}"
PARKING = "SET taskToken = :token, tokenAt = :now"


def is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def tasks(project):
    return {name: state for name, state in project.states.items() if state["Type"] == "Task"}


def edges(state):
    """Where a state can lead."""
    found = [state[key] for key in ("Next", "Default") if key in state]
    for part in ("Choices", "Catch"):
        found += [rule["Next"] for rule in state.get(part, [])]
    return found


def caught(state, error):
    """The first catcher that takes an error."""
    for catcher in state.get("Catch", []):
        if error in catcher["ErrorEquals"] or catcher["ErrorEquals"] == ["States.ALL"]:
            return catcher
    return {}


def retried(state, error):
    return any(error in rule["ErrorEquals"] for rule in state.get("Retry", []))


def shape(project):
    machine = project.machine
    if machine.get("QueryLanguage") != "JSONata":
        yield "the machine's QueryLanguage must be JSONata"
    limit = machine.get("TimeoutSeconds")
    if not is_whole(limit) or limit > LONGEST_EXECUTION:
        yield f"the machine needs whole TimeoutSeconds of at most {LONGEST_EXECUTION}"
    for name, state in project.states.items():
        if len(name) > 80:
            yield f"{name}: state names have at most 80 characters"
        for path, _ in walk(state):
            for key in path:
                if key in JSONPATH_FIELDS or (isinstance(key, str) and key.endswith(".$")):
                    yield f"{name}: {key} belongs to JSONPath, this machine speaks JSONata"


def graph(project):
    states = project.states
    for name, state in states.items():
        for target in edges(state):
            if target not in states:
                yield f"{name}: leads to {target!r}, which does not exist"
        if not edges(state) and state["Type"] not in ("Succeed", "Fail"):
            yield f"{name}: leads nowhere and is no end"
        if state["Type"] == "Choice" and "Default" not in state:
            yield f"{name}: a choice needs a Default"
    reached, todo = set(), [project.machine["StartAt"]]
    while todo:
        name = todo.pop()
        if name in reached or name not in states:
            continue
        reached.add(name)
        todo += edges(states[name])
    for name in states.keys() - reached:
        yield f"{name}: cannot be reached"
    ending = {name for name, state in states.items() if state["Type"] in ("Succeed", "Fail")}
    while True:
        more = {name for name, state in states.items() if name not in ending and ending & set(edges(state))}
        if not more:
            break
        ending |= more
    for name in states.keys() - ending:
        yield f"{name}: no path leads from here to an end"


def task_rules(project):
    for name, state in tasks(project).items():
        resource = state.get("Resource")
        if resource not in ALLOWED:
            yield f"{name}: {resource} is not among the allowed resources"
            continue
        timeout = state.get("TimeoutSeconds")
        if not is_whole(timeout) or not 0 < timeout <= LONGEST[resource]:
            yield f"{name}: needs whole TimeoutSeconds of at most {LONGEST[resource]}"
        if not state.get("Retry"):
            yield f"{name}: needs a Retry"
        for rule in state.get("Retry", []):
            if "States.ALL" in rule["ErrorEquals"] or "States.TaskFailed" in rule["ErrorEquals"]:
                yield f"{name}: retries everything, also what can't get better"
            for key in ("IntervalSeconds", "MaxAttempts", "MaxDelaySeconds"):
                if not is_whole(rule.get(key)):
                    yield f"{name}: a retry needs a whole {key}"
        catch = state.get("Catch") or [{"ErrorEquals": []}]
        if catch[-1]["ErrorEquals"] != ["States.ALL"]:
            yield f"{name}: the last Catch must be States.ALL alone"
        if any("States.ALL" in rule["ErrorEquals"] for rule in catch[:-1]):
            yield f"{name}: States.ALL must be the last Catch"
        for rule in catch:
            if "Output" not in rule and rule["ErrorEquals"]:
                yield f"{name}: a Catch without Output carries the error's whole cause through the history"
        if resource == INVOKE:
            payload = state["Arguments"]["Payload"]
            said = payload if isinstance(payload, str) else payload.get("schema")
            if not (said == 1 or (isinstance(said, str) and "'schema': 1" in said)):
                yield f"{name}: the payload must say schema 1"
        if resource == PARK:
            arguments = state["Arguments"]
            if "attribute_not_exists(outcome)" not in arguments.get("ConditionExpression", ""):
                yield f"{name}: may park only while no outcome is recorded"
            if "ReturnValues" in arguments:
                yield f"{name}: ReturnValues would put the item into the history"
            if {rule["Next"] for rule in state["Catch"]} | {state["Next"]} != {"Load outcome"}:
                yield f"{name}: whatever ends the park, the record decides: every way leads to Load outcome"
        if resource == LOAD:
            arguments = state["Arguments"]
            if arguments.get("ConsistentRead") is not True or arguments.get("ProjectionExpression") != "outcome":
                yield f"{name}: must read the outcome alone, and consistently"


def waits(project):
    for name, state in project.states.items():
        if state["Type"] != "Wait":
            continue
        seconds = state.get("Seconds")
        if is_whole(seconds):
            if not 0 < seconds <= LONGEST_WAIT:
                yield f"{name}: waits longer than {LONGEST_WAIT} seconds"
            continue
        inner = EXPRESSION.match(seconds or "")
        cap = WIDENING.match(inner.group(1).strip()) if inner else None
        if not cap or int(cap.group(1)) > LONGEST_WAIT:
            yield f"{name}: a computed wait must begin with $min([n, …]), n at most {LONGEST_WAIT}"


def expressions(project):
    for name, state in project.states.items():
        for path, value in walk(state):
            if not isinstance(value, str) or path[-1] == "Comment":
                continue
            match = EXPRESSION.match(value)
            if not match:
                if "{%" in value or "%}" in value:
                    yield f"{name}: {value!r} mixes text and an expression"
                continue
            inner = match.group(1)
            bare = STRING.sub("''", inner)
            if re.search(r"\$(?![A-Za-z])", bare):
                yield f"{name}: bare $ in {value!r}"
            if "$eval(" in bare:
                yield f"{name}: Step Functions has no $eval"
            try:
                Jsonata(inner)
            except Exception as error:  # noqa: BLE001 - whatever the parser raises, the expression is wrong
                yield f"{name}: {value!r} is no JSONata: {error}"


def _used(value):
    names = set()
    for _, leaf in walk(value):
        match = EXPRESSION.match(leaf) if isinstance(leaf, str) else None
        if match:
            bare = STRING.sub("''", match.group(1))
            names |= set(re.findall(r"\$([A-Za-z]\w*)(?!\w|\()", bare)) - {"states"}
    return names


def variables(project):
    """Every variable is assigned on every path before it is read: AWS fails the execution otherwise."""
    states = project.states
    steps = {}  # state -> [(target, assigned)]
    for name, state in states.items():
        ways = [(rule["Next"], set(rule.get("Assign", {}))) for part in ("Choices", "Catch") for rule in state.get(part, [])]
        ways += [(state[key], set(state.get("Assign", {}))) for key in ("Next", "Default") if key in state]
        steps[name] = [(target, assigned) for target, assigned in ways if target in states]
    everything = {variable for ways in steps.values() for _, assigned in ways for variable in assigned}
    known = {name: set(everything) for name in states}
    known[project.machine["StartAt"]] = set()
    changed = True
    while changed:
        changed = False
        for name, ways in steps.items():
            for target, assigned in ways:
                now = known[target] & (known[name] | assigned)
                if now != known[target]:
                    known[target], changed = now, True
    for name, state in states.items():
        for variable in sorted(_used(state) - known[name]):
            yield f"{name}: ${variable} is not assigned on every path that leads here"


def hygiene(project):
    """No secret, code, address or token passes through: the history keeps everything for 90 days."""
    for name, state in tasks(project).items():
        resource = state.get("Resource")
        for path, value in walk(state.get("Arguments", {})):
            keys = [key for key in path if isinstance(key, str)]
            if resource == PARK and value == TASK_TOKEN and keys == ["ExpressionAttributeValues", ":token", "S"]:
                continue
            if resource == PARK and keys == ["UpdateExpression"] and value == PARKING:
                continue
            if any(TELLTALE.search(key) for key in keys) or (isinstance(value, str) and TELLTALE.search(value)):
                yield f"{name}: {'.'.join(keys)} names something that must not pass through the machine"
            if isinstance(value, str) and "Task.Token" in value:
                yield f"{name}: the task token goes nowhere but into the parked wait"
            if isinstance(value, str) and "$states.input" in value and name != "Register":
                yield f"{name}: only Register passes the input on"
        for variable in state.get("Assign", {}):
            if TELLTALE.search(variable):
                yield f"{name}: variable {variable} names something that must not pass through the machine"


def error_names(project):
    used = {error for state in project.states.values() for part in ("Retry", "Catch") for rule in state.get(part, []) for error in rule["ErrorEquals"]}
    for error in sorted(used - AWS_ERRORS - project.errors.keys()):
        yield f"{error}: neither a name of AWS nor one of ours"
    for error in sorted(AWS_ERRORS - used):
        yield f"{error}: listed as a name of AWS and used nowhere"
    for error in sorted(ENDS_OF_THEIR_OWN - project.errors.keys()):
        yield f"{error}: listed as an end of its own and not among our names"
    for error, kind in project.errors.items():
        if kind == "End" and (error in used) != (error in ENDS_OF_THEIR_OWN):
            yield f"{error}: ends the onboarding like every other, or is listed as an end of its own: not both"
        if kind not in ("Retry", "SignIn", "Fix", "Confirm", "End"):
            yield f"{error}: the lint does not know the class {kind}"


def error_classes(project):
    """What the domain says about an error is what the machine does about it."""
    states = project.states
    invoking = {name: state for name, state in tasks(project).items() if state["Resource"] == INVOKE}
    for error, kind in project.errors.items():
        for name, state in invoking.items():
            if retried(state, error) != (kind == "Retry"):
                yield f"{name}: {error} is of the class {kind} and its Retry says otherwise"
        for step, name in STEPS.items():
            state = states.get(name)
            if not state:
                yield f"{name}: the step has no state"
                continue
            catcher = caught(state, error)
            target, assigned = catcher.get("Next"), catcher.get("Assign", {})
            if kind == "SignIn":
                wanted = "Sign in to Partner Center" if step == "confirm-changes" else "Ask to sign in again"
            elif kind == "Fix":
                wanted = "Ask for a fix"
            else:
                continue
            if target != wanted or assigned.get("resume") != step:
                yield f"{name}: {error} must lead to {wanted} and come back to {step}"
    mapping = states.get(STEPS["map-directory"], {})
    for error, target in {
        "Confirmation.Stale": "Assess impact",
        "Confirmation.Missing": "Sign in again with the Azure account",
        "Impact.NotAccepted": "Ask the partner to review",
    }.items():
        if caught(mapping, error).get("Next") != target:
            yield f"{STEPS['map-directory']}: {error} must lead to {target}"


def release_at_every_end(project):
    """Every end after Register comes through Release, which deletes the sealed sign-ins."""
    states = project.states
    without = {"Already running", "Superseded", "Not registered"}
    after_release = {"Release", "Release later?", "Wait to release", "How it ended"}
    for name, state in states.items():
        for target in edges(state):
            end = states.get(target, {}).get("Type") in ("Succeed", "Fail")
            if end and target not in without and name not in after_release:
                yield f"{name}: ends in {target} without a Release"
            if target in ("Already running", "Not registered") and name != "Register":
                yield f"{name}: only Register may end in {target}"


def happy_path(project):
    for name, target in zip(HAPPY_PATH, HAPPY_PATH[1:]):
        if target not in edges(project.states.get(name, {})):
            yield f"{name}: does not lead to {target} on the happy path"
    if len(HAPPY_PATH) > HAPPY_PATH_BUDGET:
        yield f"the happy path has {len(HAPPY_PATH)} transitions, the budget is {HAPPY_PATH_BUDGET}"
    choices = project.states.get("Continue", {}).get("Choices", [])
    for step, name in STEPS.items():
        if not any(rule["Next"] == name and f"$resume = '{step}'" in rule["Condition"] for rule in choices):
            yield f"Continue: does not go back to {name} when {step} waits"


RULES = [
    shape, graph, task_rules, waits, expressions, variables, hygiene, error_names, error_classes, release_at_every_end,
    happy_path,
]
