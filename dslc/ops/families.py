"""All families of primitives, for what must hold of each."""

from __future__ import annotations

from dslc.graph.graph import Op
from dslc.ops import contract, declared, gather, leaf, loop, map, random, reduce, scan, stop, structure, tail
from dslc.ops.sample import Sampler

OPS: tuple[type[Op], ...] = (
    *(leaf.Leaf, leaf.Constant, leaf.Iota),
    map.Map,
    *(structure.Expand, structure.Reshape, structure.Transpose, structure.Slice, structure.Pad, structure.Concat),
    *(reduce.Reduce, reduce.Argmax),
    contract.Contract,
    *(gather.Gather, gather.ScatterAdd),
    *(random.Random, random.RandomOrthonormal),
    *(declared.DeclaredGradient, stop.StopGradient),
    scan.Scan,
    loop.Loop,
    tail.TailSum,
)

MEANT: tuple[type[Op], ...] = (random.RandomOrthonormal, tail.TailSum)
"""Those that only graphs have which the host evaluates by their meaning: no program has them."""

SAMPLES: tuple[Sampler, ...] = (
    *leaf.SAMPLES,
    *map.SAMPLES,
    *structure.SAMPLES,
    *reduce.SAMPLES,
    *contract.SAMPLES,
    *gather.SAMPLES,
    *random.SAMPLES,
    *declared.SAMPLES,
    *stop.SAMPLES,
    *scan.SAMPLES,
    *loop.SAMPLES,
    *tail.SAMPLES,
)
