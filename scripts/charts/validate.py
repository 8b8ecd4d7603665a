"""Holds the objects on stdin (YAML) against Kubernetes' schemas, and custom ones against the definitions in the files that are named.

An object without a schema is a failure, and so is a field that its schema does not know. Prints one line for each problem.
"""

import sys
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml


def closed(schema):
    """The schema of a custom resource, with unknown fields refused (a server would drop them silently)."""
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) if key not in ("properties",) else value for key, value in schema.items()}
    for key in ("oneOf", "anyOf", "allOf"):
        # Their parts name only some of the fields.
        if key in schema:
            result[key] = schema[key]
    if "properties" in schema:
        result["properties"] = {name: closed(value) for name, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            result["additionalProperties"] = False
    return result


def read_definitions(files):
    found = {}
    for file in files:
        for definition in yaml.safe_load_all(Path(file).read_text()):
            if not definition or definition.get("kind") != "CustomResourceDefinition":
                continue
            spec = definition["spec"]
            for version in spec["versions"]:
                schema = closed(version["schema"]["openAPIV3Schema"])
                # The definition leaves the metadata to Kubernetes.
                schema["properties"]["metadata"] = {"type": "object"}
                found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return found


def problems(item, definitions):
    own = definitions.get((item["apiVersion"], item["kind"]))
    if own is not None:
        for error in jsonschema.Draft202012Validator(own).iter_errors(item):
            yield f"{error.json_path}: {error.message}"
        return
    try:
        kubernetes_validate.validate(item, kubernetes_validate.latest_version(), strict=True)
    except Exception as error:  # noqa: BLE001  whatever it says, the object did not pass
        yield f"{type(error).__name__} {error}".strip()


def main():
    definitions = read_definitions(sys.argv[1:])
    items = [item for item in yaml.safe_load_all(sys.stdin) if item]
    found = [f"{item['kind']} {item['metadata']['name']}: {problem}" for item in items for problem in problems(item, definitions)]
    print("\n".join(found) if found else f"{len(items)} objects are valid")
    sys.exit(1 if found or not items else 0)


main()
