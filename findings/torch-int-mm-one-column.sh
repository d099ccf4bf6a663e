#!/usr/bin/env bash
# torch 2.14.1 (PyPI): `torch._int_mm`, the product of two matrices of whole numbers of 8 bits, on
# the CPU. Expected: the product of (3, 1) and (1, 4) is (3, 4) numbers, whatever the strides of a dimension that has
# only one entry. Seen: where the second matrix is a column that was transposed, so that both its strides are 1, the
# result is not the product, and differs from call to call; the same numbers copied into strides of 4 and 1 give it.
# `torch.mm` of the same matrices as 32-bit whole numbers is right. It fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "torch==2.14.1" "numpy==2.4.6"
"$folder/venv/bin/python" - <<'PYTHON'
import torch

print("torch", torch.__version__)
wrong = 0
for first in range(1, 11):
    rows = torch.tensor([[first], [2], [3]], dtype=torch.int8)
    column = torch.tensor([[10], [20], [30], [40]], dtype=torch.int8)
    product = torch.mm(rows.int(), column.t().int())
    transposed = column.t()
    assert transposed.stride() == (1, 1)
    copied = torch.empty_strided((1, 4), (4, 1), dtype=torch.int8).copy_(transposed)
    assert torch.equal(torch._int_mm(rows, copied), product), "strides of 4 and 1 give the product"
    wrong += not torch.equal(torch._int_mm(rows, transposed), product)
print(f"strides of 1 and 1: {wrong} of 10 products are wrong")
raise SystemExit(wrong == 0)
PYTHON
