"""The sizes of a campaign, the product's timings in it, and its secrets."""

from dataclasses import dataclass, field

from cryptography.fernet import Fernet

from tests.faults.proxy import Pace


@dataclass(frozen=True)
class Plan:
    """The sizes of a campaign. Every random choice comes from `seed`."""

    database: str = "postgresql"
    mailings: int = 1000
    kills: int = 300
    freezes: int = 25
    redis_troubles: int = 12
    beats_killed: int = 5
    races: int = 100
    wishes: int = 60
    holds: int = 200
    makes: int = 15
    lost: int = 12
    restarts: int = 5
    # Mailings with equal texts to overlapping recipients.
    equal: int = 40
    waiting: int = 50
    waves: int = 4
    writers: int = 8
    writing_seconds: int = 15
    workers: int = 3
    share: float = 0.35
    # States changed behind our back, three hundred at a time.
    states: int = 3000
    seed: int = 1
    minutes: float = 40.0


@dataclass(frozen=True)
class Seconds:
    """The product's settings in seconds, about twenty times shorter than their defaults."""

    connect: float = 1.0
    read: float = 1.5
    total: float = 2.5
    lease: float = 4.5
    same_request: float = 1.0
    settle_after: float = 6.0
    sync: float = 2.0
    sweep: float = 1.0
    delivery: float = 2.0
    # Replaces the sweep's constant NUDGE_AGAIN_AFTER (a minute); see the nursery.
    nudge_again: float = 4.0
    # Replaces LONGEST_PAUSE between the steps of a cancel or delete (15 minutes).
    longest_pause: float = 45.0
    # Replace constants of delivery/: how often each mailing is asked about, and how long a pull that never
    # ended counts as under way.
    asked_again: float = 3.0
    pull_under_way: float = 6.0
    # How late a job is saved: early enough that two reads cannot show its absence before.
    saved_late: float = 3.0

    @property
    def pace(self) -> Pace:
        return Pace(read=self.read, total=self.total)

    def environment(self) -> dict[str, str]:
        return {
            "PROVIDER_CONNECT_SECONDS": str(self.connect),
            "PROVIDER_READ_SECONDS": str(self.read),
            "PROVIDER_TOTAL_SECONDS": str(self.total),
            "LEASE_SECONDS": str(self.lease),
            "SAME_REQUEST_SECONDS": str(self.same_request),
            "SETTLE_AFTER_SECONDS": str(self.settle_after),
            "SYNC_SECONDS": str(self.sync),
            "SWEEP_SECONDS": str(self.sweep),
            "DELIVERY_SECONDS": str(self.delivery),
        }


SECONDS = Seconds()
CALLS_AT_ONCE = 4


@dataclass(frozen=True)
class Seeded:
    """The secrets to search for. Each has a core that looks the same in every encoding."""

    password_core: str
    key_core: str
    phone_core: str
    django_key: str = field(default_factory=lambda: Fernet.generate_key().decode())

    @property
    def password(self) -> str:
        return f'$ {self.password_core} &+%41"ё'

    @property
    def key(self) -> str:
        return f"{self.key_core}/+="

    @property
    def phone(self) -> str:
        return f"7{self.phone_core}"

    def cores(self) -> dict[str, bytes]:
        found = {"password": self.password_core, "key": self.key_core, "phone": self.phone_core}
        return {name: core.encode() for name, core in found.items()}
