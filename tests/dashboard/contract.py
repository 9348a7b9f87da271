"""src/daemon/openapi.yaml as a judge: what the page asks, and what the fixture answers, must both be in it."""
import json
import pathlib
import re
import urllib.parse

import jsonschema
import yaml

PATH = pathlib.Path(__file__).resolve().parents[2] / "src" / "daemon" / "openapi.yaml"
API = "/api/v1"


class Contract:
    def __init__(self, path=PATH):
        self.document = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.resolver = jsonschema.RefResolver("", self.document)
        self.routes = []
        for template, item in self.document["paths"].items():
            prefix = "" if item.get("get", {}).get("servers") or item.get("servers") else API
            pattern = re.compile(re.escape(prefix + template).replace(r"\{path\}", "(?P<path>.+)").replace(r"\{", "{").replace(r"\}", "}"))
            pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern.pattern))
            for method, operation in item.items():
                if method in ("get", "put", "post", "delete"):
                    self.routes.append((method.upper(), pattern, operation, item.get("parameters", []) + operation.get("parameters", [])))

    def look_up(self, thing):
        return self.resolver.resolve(thing["$ref"])[1] if "$ref" in thing else thing

    def fits(self, schema, value):
        jsonschema.Draft202012Validator(schema, resolver=self.resolver).validate(value)

    def operation_of(self, method, target):
        """The operation that a request is for; AssertionError: there is none, or it does not take that."""
        path, _, query = target.partition("?")
        found = [(match, operation, parameters) for verb, pattern, operation, parameters in self.routes if verb == method and (match := pattern.fullmatch(path))]
        assert found, f"{method} {path} is no operation of the API"
        match, operation, parameters = min(found, key=lambda one: len(one[0].groupdict()))
        parameters = {(one["in"], one["name"]): one for one in map(self.look_up, parameters)}
        for name, value in match.groupdict().items():
            self.parameter(parameters.get(("path", name)), urllib.parse.unquote(value), f"{name} in the path")
        said = urllib.parse.parse_qs(query, keep_blank_values=True)
        for name, values in said.items():
            self.parameter(parameters.get(("query", name)), values[0], name)
        for (where, name), one in parameters.items():
            assert where != "query" or not one.get("required") or name in said, f"{operation['operationId']} is asked without {name}"
        return operation

    def parameter(self, one, text, what):
        assert one is not None, f"{what} is no parameter"
        kind = self.look_up(one["schema"]).get("type")
        self.fits(one["schema"], int(text) if kind == "integer" else {"true": True, "false": False}.get(text, text) if kind == "boolean" else text)

    def check_ask(self, method, target, content_type, body):
        operation = self.operation_of(method, target)
        wanted = self.look_up(operation.get("requestBody", {})).get("content", {})
        if method != "GET":
            assert content_type == "application/json", f"{method} {target} as {content_type}"
        if "application/json" in wanted:
            self.fits(wanted["application/json"]["schema"], json.loads(body))
        else:
            assert body in (b"", b"{}"), f"{method} {target} takes no body"
        return operation

    def check_answer(self, operation, status, body):
        answer = self.look_up(operation["responses"].get(str(status)) or operation["responses"]["default"])
        for media, content in answer.get("content", {}).items():
            if media.endswith("json"):
                self.fits(content["schema"], body)

    def check_figures(self, data):
        schema = self.document["components"]["schemas"]["figures"]
        self.fits(schema, data)
        unknown = set(data) - set(schema["properties"])
        assert not unknown, f"figures has no {unknown}"
