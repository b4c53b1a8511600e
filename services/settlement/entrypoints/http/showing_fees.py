"""The fees of a stay as users read them (现有费用): lines with what is left of them."""

from contracts import settlement_stays_v1 as message
from contracts import settlement_v1
from settlement.domain.fees import lines_left
from settlement.domain.stay import Stay
from settlement.kernel.fee_lines import LineLeft, parts_of
from settlement.law.bill import Charges
from settlement.law.fee_lines import FeeLine


def show_fees(stay: Stay) -> message.FeesShown:
    """What stands, and what it comes to."""
    left = lines_left(stay.fees.batches)
    return message.FeesShown(
        stay_id=str(stay.id),
        batches=tuple(
            message.FeeBatchShown(
                batch_number=batch.number,
                charges=None if batch.lines else _charges(batch.charges),
                lines=tuple(_line(line, left.get(line.number)) for line in batch.lines),
            )
            for batch in stay.fees.batches
        ),
        charges=_charges(stay.charges) if stay.charges else None,
    )


def _charges(charges: Charges) -> settlement_v1.ChargesStated:
    return settlement_v1.ChargesStated(**vars(charges))


def _line(line: FeeLine, left: LineLeft | None) -> message.FeeLineShown:
    plain = {name: value for name, value in vars(line).items() if name != "number"}
    return message.FeeLineShown(
        line_number=line.number,
        **plain,
        left_fen=left.amount_fen if left else 0,
        **(parts_of(left)._asdict() if left else {}),
    )
