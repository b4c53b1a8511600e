"""What the fees of a stay do not allow (费用的拒绝); each message says what to do instead."""

from settlement.domain.stay_refusals import StayRefusal


class FeeBatchUnknown(StayRefusal):
    """No batch with this number stands."""


class FeeLineRepeated(StayRefusal):
    """The number of a line is in use."""


class FeeLineUnknown(StayRefusal):
    """No line with this number stands, or none that may be given back."""


class FeeLineGivenBack(StayRefusal):
    """Something was given back of the line: it cannot be changed or deleted before that is."""


class GivenBackTooMuch(StayRefusal):
    """A line takes back more than is left of the line it names."""


class FeeLineDiffers(StayRefusal):
    """What the hospital states of its lines is not what comes out of them."""
