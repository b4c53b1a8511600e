"""The publisher (发布程序): follows a log and tells Kafka its public events, in order, each once.

It starts where the last transaction that Kafka kept says; it never skips an event, and an event
that cannot be told stops it before that event. Whatever else goes wrong — Kafka away, a connection
cut, an outcome unknown — it lets go of everything, waits, and asks Kafka again how far it came.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Protocol

from kafka_edge.exactly_once import (
    Fenced,
    PositionLost,
    TakenOver,
    TopicMissing,
    TopicUnfit,
)
from kafka_edge.feed import Feed, FeedPage, StoppedBefore
from kafka_edge.knocking import KafkaLoginRefused, KafkaUntrusted
from kafka_edge.outgoing import Outgoing

# With nothing to tell, the position is kept once for so many events: a start reads them again.
EVENTS_WITHOUT_MESSAGE = 20_000
SHORTEST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0


class PublisherStopped(Exception):
    """An event cannot become a message (发布已停): nothing after it is told before it is."""

    def __init__(self, stopped: StoppedBefore) -> None:
        self.stopped = stopped
        super().__init__(
            f"发布停在位置 {stopped.position} 的事件 {stopped.event} 之前：{stopped.why}；"
            "未跳过任何事件，排除原因后会从此处继续"
        )


class LogBehind(Exception):
    """Kafka was told more than the log holds (日志短于已发布): it is an older one."""


class LogDiffers(Exception):
    """The log has another event where Kafka was told one (日志与已发布不符): it was restored from
    a copy and went on; its events would go out under the ids of others, or never."""


class Session(Protocol):
    """A hold on the channel; see `kafka_edge.exactly_once.ExactlyOnce`."""

    @property
    def position(self) -> int:
        """Up to where everything has been sent."""

    @property
    def mark(self) -> str:
        """The mark of the event there, as it was sent; empty where nobody kept one."""

    def send(self, messages: Sequence[Outgoing], *, reached: int, mark: str) -> None:
        """Send these and keep the position and its event's mark, or nothing."""

    def close(self) -> None:
        """Let go."""


class Watched(Protocol):
    """Who is told how the publisher does (状态): metrics, and a person at a screen."""

    def reached(self, position: int, *, last: int, sent: int) -> None:
        """Everything up to a position is told, of a log that ends with `last`; `sent` just now."""

    def stopped(self, stopped: PublisherStopped) -> None:
        """It stands before an event that cannot be told. Somebody has to look."""

    def failed(self, wrong: Exception, *, again_after_seconds: float) -> None:
        """Something did not work; it tries again."""


_FOR_SOMEBODY = (TakenOver, PositionLost, LogBehind, LogDiffers)
"""What trying again does not put right; the publisher ends."""
_FOR_SOMEBODY_AT_FIRST = (TopicMissing, TopicUnfit, KafkaUntrusted, KafkaLoginRefused)
"""So are these, unless they were right before: a broker that starts may not know topics yet, and
certificates and passwords are changed on two sides, one after the other."""


class Publisher:
    """Follows one feed into one channel."""

    def __init__(
        self,
        feed: Feed,
        open_session: Callable[[str | None], Session],
        *,
        watched: Watched,
        ending: Event,
    ) -> None:
        """`open_session` is told which session of ours it follows, where Kafka ended that one;
        `ending` is set to have it finish the transaction at hand and return."""
        self._feed, self._open_session = feed, open_session
        self._watched, self._ending = watched, ending
        self._fenced: str | None = None
        self._had_session = False

    def catch_up(self) -> int:
        """Tell everything there is now, once; returns the position reached.

        Raises `PublisherStopped` and whatever goes wrong.
        """
        with self._session() as session:
            self._require_same_log(session)
            return self._send_all(session, session.position)

    def follow(self, *, every_seconds: float = SHORTEST_WAIT_SECONDS) -> None:
        """Tell everything as it comes, until `ending` is set.

        Raises `TakenOver`, `TopicMissing`, `TopicUnfit`, `PositionLost`, `LogBehind`, `LogDiffers`,
        `KafkaUntrusted`, `KafkaLoginRefused`: those need somebody.
        """
        wait_seconds = SHORTEST_WAIT_SECONDS
        while not self._ending.is_set():
            try:
                with self._session() as session:
                    self._require_same_log(session)
                    read_up_to = session.position
                    while not self._ending.is_set():
                        read_up_to = self._send_all(session, read_up_to)
                        wait_seconds = SHORTEST_WAIT_SECONDS
                        self._ending.wait(every_seconds)
            except _FOR_SOMEBODY:
                raise
            except Fenced as fenced:
                self._fenced = fenced.session
                self._watched.failed(fenced, again_after_seconds=wait_seconds)
            except PublisherStopped as stopped:
                self._watched.stopped(stopped)
            except Exception as wrong:  # whatever it is, Kafka knows how far we came
                if isinstance(wrong, _FOR_SOMEBODY_AT_FIRST) and not self._had_session:
                    raise
                self._watched.failed(wrong, again_after_seconds=wait_seconds)
            else:
                return
            self._ending.wait(wait_seconds)
            wait_seconds = min(wait_seconds * 2, LONGEST_WAIT_SECONDS)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        session = self._open_session(self._fenced)
        self._fenced, self._had_session = None, True
        try:
            yield session
        finally:
            session.close()

    def _send_all(self, session: Session, read_up_to: int) -> int:
        """Page by page; how far it came."""
        while not self._ending.is_set():
            # Not read ahead in a thread: reading and sending both want the interpreter. Tried, and
            # no faster.
            page = self._feed.page(read_up_to)
            self._require_as_long(page, session.position)
            if page.reached > read_up_to:
                self._send(session, page)
            else:
                self._watched.reached(page.reached, last=page.last, sent=0)
            if page.stopped is not None:
                raise PublisherStopped(page.stopped)
            if page.reached == read_up_to:
                break
            read_up_to = page.reached
        return read_up_to

    def _send(self, session: Session, page: FeedPage) -> None:
        if page.messages or page.reached - session.position >= EVENTS_WITHOUT_MESSAGE:
            mark = self._feed.mark(page.reached)
            session.send(page.messages, reached=page.reached, mark=mark)
        self._watched.reached(page.reached, last=page.last, sent=len(page.messages))

    def _require_as_long(self, page: FeedPage, told: int) -> None:
        if page.last < told:
            message = (
                f"Kafka 已收到位置 {told} 为止的事件，日志只到 {page.last}：日志可能是旧的备份；"
                "未发布任何事件，处置见 docs/backup.md"
            )
            raise LogBehind(message)

    def _require_same_log(self, session: Session) -> None:
        """Asked when a session begins: whoever restores a database cuts the connections to it."""
        if not session.mark:
            return
        there = self._feed.mark(session.position)
        # Where there is nothing, the log is shorter: the next page says so.
        if there and there != session.mark:
            message = (
                f"Kafka 已收到位置 {session.position} 的事件，日志在该位置却是另一个事件："
                "日志由备份恢复后又写入过；未发布任何事件，处置见 docs/backup.md"
            )
            raise LogDiffers(message)
