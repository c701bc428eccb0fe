"""Every rule finds what it is there for: the project is clean, and each fault put into it is named."""

import copy
import unittest

import lint
import machine
import model
import template

CLEAN = model.project(lint.ROOT)


def state(project, name):
    return project.states[name]


def set_in(target, *path):
    """Sets the last of path below target; the value None removes."""
    *way, key, value = path
    for step in way:
        target = target[step]
    if value is None:
        del target[key]
    else:
        target[key] = value


def in_machine(*path):
    return lambda project: set_in(project.machine, *path)


def in_template(*path):
    return lambda project: set_in(project.template, *path)


def drop_catch(name, error):
    def act(project):
        for catcher in state(project, name)["Catch"]:
            if error in catcher["ErrorEquals"]:
                catcher["ErrorEquals"].remove(error)

    return act


def statement(role, sid):
    def find(project):
        policies = project.resources[role]["Properties"]["Policies"]
        return next(s for policy in policies for s in policy["PolicyDocument"]["Statement"] if s["Sid"] == sid)

    return find


def change_statement(role, sid, key, value):
    return lambda project: set_in(statement(role, sid)(project), key, value)


STATES = ("States",)
STEP_3 = "3 Map the directory"
PARK = "Wait for the person"

# rule -> [(what is done, words that the finding must contain)]
FAULTS = {
    machine.shape: [
        (in_machine("QueryLanguage", "JSONPath"), "JSONata"),
        (in_machine("TimeoutSeconds", 10**9), "TimeoutSeconds"),
        (in_machine(*STATES, "Pause", "InputPath", "$.x"), "InputPath belongs to JSONPath"),
    ],
    machine.graph: [
        (in_machine(*STATES, "Pause", "Next", "Nowhere"), "does not exist"),
        (in_machine(*STATES, "Pause", "Next", None), "leads nowhere"),
        (in_machine(*STATES, "Lonely", {"Type": "Succeed"}), "cannot be reached"),
        (in_machine(*STATES, "How it ended", "Default", None), "needs a Default"),
        (in_machine(*STATES, "Pause", "Next", "Pause"), "no path leads from here to an end"),
    ],
    machine.task_rules: [
        (in_machine(*STATES, "Register", "Retry", None), "needs a Retry"),
        (in_machine(*STATES, "Register", "TimeoutSeconds", "{% 60 %}"), "whole TimeoutSeconds"),
        (in_machine(*STATES, PARK, "TimeoutSeconds", 604801), "at most 604800"),
        (in_machine(*STATES, "Register", "Resource", "arn:aws:states:::dynamodb:updateItem.waitForTaskToken"), "not among the allowed"),
        (lambda p: state(p, "Register")["Catch"].pop(), "last Catch must be States.ALL"),
        (in_machine(*STATES, "Release", "Retry", 0, "ErrorEquals", ["States.ALL"]), "retries everything"),
        (in_machine(*STATES, PARK, "Arguments", "ConditionExpression", "attribute_exists(pk)"), "while no outcome"),
        (in_machine(*STATES, PARK, "Arguments", "ReturnValues", "ALL_NEW"), "ReturnValues"),
        (in_machine(*STATES, PARK, "Catch", 1, "Next", "Remind"), "the record decides"),
        (in_machine(*STATES, "Load outcome", "Arguments", "ProjectionExpression", "outcome, taskToken"), "the outcome alone"),
        (in_machine(*STATES, "Remind", "Arguments", "Payload", "schema", 2), "schema 1"),
    ],
    machine.waits: [
        (in_machine(*STATES, "Wait to release", "Seconds", 86400), "waits longer"),
        (in_machine(*STATES, "Wait for Microsoft", "Seconds", "{% $waitSeconds %}"), "must begin with $min"),
    ],
    machine.expressions: [
        (in_machine(*STATES, "Pause", "Seconds", "{% $min([3600, $.x]) %}"), "bare $"),
        (in_machine(*STATES, "Continue", "Choices", 0, "Condition", "{% $outcome = %}"), "no JSONata"),
        (in_machine(*STATES, "Failed", "Error", "Bad {% $error %}"), "mixes text"),
    ],
    machine.variables: [
        (in_machine(*STATES, "Register", "Assign", "settle", None), "$settle is not assigned on every path"),
        (in_machine(*STATES, "Pause", "Seconds", "{% $min([3600, $interupted]) %}"), "$interupted"),
    ],
    machine.hygiene: [
        (in_machine(*STATES, "Remind", "Arguments", "Payload", "secret", "x"), "must not pass through"),
        (in_machine(*STATES, "Remind", "Arguments", "Payload", "x", machine.TASK_TOKEN), "goes nowhere"),
        (in_machine(*STATES, "Remind", "Arguments", "Payload", "x", "{% $states.input %}"), "only Register"),
        (in_machine(*STATES, "Register", "Assign", "ownerMail", ""), "ownerMail"),
    ],
    machine.error_names: [
        (in_machine(*STATES, STEP_3, "Catch", 0, "ErrorEquals", ["SignIn.Requird"]), "SignIn.Requird"),
        (lambda p: p.errors.update({"Wait.Expired": "Fix"}) or p.errors.pop("Onboarding.Superseded"), "Onboarding.Superseded"),
        (lambda p: p.errors.update({"New.Name": "Unheard"}), "does not know the class"),
    ],
    machine.error_classes: [
        (lambda p: p.errors.update({"New.Name": "Retry"}), "New.Name is of the class Retry"),
        (lambda p: p.errors.update({"New.Name": "Fix"}), "New.Name must lead to Ask for a fix"),
        (drop_catch(STEP_3, "SignIn.Required"), "SignIn.Required must lead"),
        (drop_catch(STEP_3, "Policy.LeavingBlocked"), "Policy.LeavingBlocked must lead"),
        (drop_catch(STEP_3, "Confirmation.Stale"), "Confirmation.Stale must lead"),
        (drop_catch(STEP_3, "Impact.NotAccepted"), "Impact.NotAccepted must lead"),
        (in_machine(*STATES, STEP_3, "Catch", 0, "Assign", "resume", "assess-impact"), "come back to map-directory"),
    ],
    machine.release_at_every_end: [
        (in_machine(*STATES, STEP_3, "Catch", -1, "Next", "Failed"), "without a Release"),
        (in_machine(*STATES, STEP_3, "Catch", -1, "Next", "Already running"), "only Register"),
    ],
    machine.happy_path: [
        (in_machine(*STATES, "Assess impact", "Next", STEP_3), "on the happy path"),
        (in_machine(*STATES, "Continue", "Choices", []), "does not go back"),
    ],
    template.same_functions: [
        (lambda p: p.functions.add("audit-access"), "audit-access"),
    ],
    template.roles: [
        (change_statement("SweepRole", "FindWhatIsDue", "Action", "dynamodb:Scan"), "dynamodb:Scan on OnboardingTable/index/ByDue is granted"),
        (change_statement("ProgressRole", "SignLinks", "Resource", "*"), "secretsmanager:GetSecretValue on LinkKey is needed"),
        (in_template("Resources", "Sweep", "Properties", "Role", {"Fn::GetAtt": ["NotifyRole", "Arn"]}), "shared by"),
        (change_statement("ProgressRole", "SignLinks", "Action", "secretsmanager:*"), "more than is needed"),
        (change_statement("NotifyRole", "SendTheMail", "Condition", None), "our own address"),
        (lambda p: p.resources["OpenSignIns"]["Properties"]["Roles"].pop(), "kms:Decrypt on TokenKey is needed"),
    ],
    template.keys: [
        (lambda p: p.resources["OpenSignIns"]["Properties"]["Roles"].append({"Ref": "SignInRole"}), "not in both"),
        (in_template("Resources", "TokenKey", "Properties", "KeyPolicy", "Statement", 0, "Action", "kms:*"), "named roles only"),
        (in_template("Resources", "DataKey", "Properties", "EnableKeyRotation", False), "must rotate"),
    ],
    template.environments: [
        (in_template("Resources", "Progress", "Properties", "Environment", "Variables", "TOKEN_KEY_ARN", "x"), "belong together"),
        (in_template("Resources", "MapDirectory", "Properties", "Environment", "Variables", "RETIRED_CLOUDS", None), "needs both"),
    ],
    template.function_settings: [
        (in_template("Resources", "Sweep", "Properties", "CodeUri", "target/"), "CodeUri"),
        (in_template("Resources", "Sweep", "Metadata", {}), "SkipBuild"),
        (in_template("Resources", "Sweep", "Properties", "Timeout", 900), "Timeout"),
        (in_template("Resources", "SweepLog", "Properties", "RetentionInDays", None), "retention"),
    ],
    template.http: [
        (in_template("Resources", "RouteGetStart", "Properties", "RouteKey", "ANY /"), "neither GET nor POST"),
        (in_template("Resources", "RouteGetStart", "Properties", "RouteKey", "GET /new"), "there twice"),
        (in_template("Resources", "SignupFromTheApi", None), "may not call Signup"),
        (in_template("Resources", "Stage", "Properties", "RouteSettings", "POST /gone", {}), "no route"),
        (in_template("Resources", "Stage", "Properties", "AccessLogSettings", "Format", "$context.path"), "must not hold"),
    ],
    template.data: [
        (in_template("Resources", "OnboardingTable", "DeletionPolicy", "Delete"), "outlive"),
        (in_template("Resources", "OnboardingTable", "Properties", "SSESpecification", None), "our own key"),
        (in_template("Resources", "EphemeralTable", "Properties", "TimeToLiveSpecification", None), "recovers in time or forgets"),
        (in_template("Resources", "AppCredential", "Properties", "SecretString", "hunter2"), "does not belong in a template"),
        (in_template("Parameters", "SimulatedMicrosoft", "AllowedPattern", "^https?://.*$"), "loopback addresses only"),
    ],
    template.machine_and_template: [
        (change_statement("AssociationRole", "ParkAndLoad", "Action", ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]), "granted and not needed"),
        (change_statement("AssociationRole", "RunTheSteps", "Resource", []), "needed and not granted"),
        (in_template("Resources", "MapDirectory", "Properties", "Timeout", 90), "gives up after"),
        (in_machine(*STATES, "Remind", "Arguments", "FunctionName", "${Remind}"), "must be a placeholder"),
        (in_machine(*STATES, "Cool off", "Seconds", "{% $min([60, $number('${Rest}')]) %}"), "Rest is used and nothing fills it"),
        (in_template("Resources", "Association", "Properties", "Logging", "IncludeExecutionData", True), "do not belong in logs"),
    ],
}


class Lint(unittest.TestCase):
    def test_the_project_is_clean(self):
        self.assertEqual(lint.problems(CLEAN), [])

    def test_every_rule_finds_its_faults(self):
        for rule, faults in FAULTS.items():
            for index, (spoil, words) in enumerate(faults):
                with self.subTest(rule=rule.__name__, fault=index, words=words):
                    project = copy.deepcopy(CLEAN)
                    spoil(project)
                    self.assertIn(words, "\n".join(rule(project)))

    def test_no_rule_goes_untested(self):
        self.assertEqual(set(FAULTS), {*machine.RULES, *template.RULES})

    def test_a_repeated_state_name_is_no_machine(self):
        with self.assertRaisesRegex(ValueError, "repeated key 'A'"):
            model.machine_of('{"A": 1, "A": 2}')

    def test_a_changed_form_of_the_error_list_is_noticed(self):
        with self.assertRaisesRegex(ValueError, "no error names"):
            model.errors_of("enum ErrorName {}")


if __name__ == "__main__":
    unittest.main()
