# SPDX-License-Identifier: Apache-2.0
# Reads an in-toto statement with SLSA provenance on standard input by in-toto's own definitions, for which an unknown field is an error.
import json
import sys

from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement

text = sys.stdin.read()
statement = Statement.copy_from_pb(json_format.Parse(text, statement_pb2.Statement()))
statement.validate()
provenance = json_format.ParseDict(json.loads(text)["predicate"], provenance_pb2.Provenance())
for resource in [*provenance.build_definition.resolved_dependencies, *provenance.run_details.byproducts]:
    ResourceDescriptor.copy_from_pb(resource).validate()
print(json.dumps({
    "type": statement.pb.predicate_type,
    "subjects": len(statement.pb.subject),
    "dependencies": len(provenance.build_definition.resolved_dependencies),
    "builder": provenance.run_details.builder.id,
}))
