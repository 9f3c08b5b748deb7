#!/bin/sh
# Makes target/orchard/clients/python: a virtual environment, and in `gen` the client of all contracts.
set -eu
cd "$(dirname "$0")/../../.."
out=target/orchard/clients/python
[ -x $out/bin/python ] || python3 -m venv $out
$out/bin/python -m pip install --quiet --disable-pip-version-check --requirement deploy/clients/python/requirements.txt
rm -rf $out/gen
mkdir -p $out/gen
# `google` comes with googleapis-common-protos.
find proto/orchard -name '*.proto' -exec $out/bin/python -m grpc_tools.protoc -Iproto --python_out=$out/gen --grpc_python_out=$out/gen {} +
