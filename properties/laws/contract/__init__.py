"""What every implementation owes its caller, whatever it computes; one property a module.

`BATCHED` are those of a function that takes rows under any leading axes, `WITH_AXIS` those of one that
takes the axis of its rows besides, `BY_ROW` those of one that takes a single row a call.
"""

from extremum.properties.laws.contract import axis, determinism, dtype, layout, purity, row_independence, shape

BATCHED = tuple(m.PROPERTY for m in (row_independence, layout, purity, dtype, shape, determinism))
WITH_AXIS = tuple(m.PROPERTY for m in (row_independence, axis, layout, purity, dtype, shape, determinism))
BY_ROW = (
    row_independence.BY_ROW,
    layout.BY_ROW,
    purity.PROPERTY,
    dtype.PROPERTY,
    shape.BY_ROW,
    determinism.PROPERTY,
)
# What takes the place of a property of `WITH_AXIS` where a function takes vectors alone.
OF_VECTORS = {m.PROPERTY.name: m.BY_ROW for m in (row_independence, axis, layout, shape)}
