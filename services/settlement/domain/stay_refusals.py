"""What a stay does not allow (住院的拒绝); each message says what to do instead."""


class StayRefusal(Exception):
    """Something a stay does not allow; the message says what to do instead."""


class AlreadyAdmitted(StayRefusal):
    """The hospital's stay number is in use."""


class DischargeBeforeAdmission(StayRefusal):
    """The discharge date lies before the admission date."""


class DateInFuture(StayRefusal):
    """A date lies after today; nothing can have happened then."""


class AlreadyDischarged(StayRefusal):
    """The patient has left; fees and a second discharge are refused."""


class NotDischarged(StayRefusal):
    """Only a finished stay is settled."""


class NoFees(StayRefusal):
    """There is nothing to settle."""


class FeeBatchRepeated(StayRefusal):
    """The batch number was recorded before."""


class AlreadySettled(StayRefusal):
    """The stay is settled; reverse that settlement first."""


class BookedBackwards(StayRefusal):
    """A reversal would be booked before what it reverses."""


class NotSettled(StayRefusal):
    """There is no settlement to reverse or to print."""


class PersonalShareChanged(StayRefusal):
    """The patient's share is not what the caller expected from the preview."""


class StayCancelled(StayRefusal):
    """The admission was cancelled; admit the patient again under the number."""


class AdmissionStands(StayRefusal):
    """Something stands that a cancelled admission cannot have: fees, a deposit, a discharge."""


class NotCancelled(StayRefusal):
    """Only a cancelled stay is admitted again."""


class LateAmountNotAwaited(StayRefusal):
    """The settlement waits for no amount of this layer, and none came late."""


class LateAmountUnchanged(StayRefusal):
    """The amount of a late layer came before, and is the same."""


class NothingChanged(StayRefusal):
    """A correction that says what stands already."""


class FormerPartUnsettled(StayRefusal):
    """An earlier part of the stay is not settled yet; that one comes first."""


class NextPartStands(StayRefusal):
    """Something was recorded of the next part; it is taken back first."""


class BelongsToPart(StayRefusal):
    """A part of a stay begins where the one before it ended; it is no admission of its own."""
