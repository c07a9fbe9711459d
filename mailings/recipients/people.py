"""Finds a person in all mailings: each that has the address among its recipients, in any spelling."""

import re
from dataclasses import dataclass

import phonenumbers
from django.db.models import QuerySet
from phonenumbers import PhoneMetadata

from mailings.models import Recipient
from mailings.recipients import stop_list

NUMBER = re.compile(r"\+[0-9]{7,15}")


@dataclass(frozen=True)
class Person:
    """`address`: as it is stored now. `spellings`: all forms in which mailings may have stored it."""

    address: str
    spellings: frozenset[str]


def find(value: str, country: str) -> Person:
    """The person that a number, address or name means, in any spelling; raises stop_list.NotAnAddress."""
    address = stop_list.key(value, country)
    return Person(address, spellings(address) | {value.strip()})


def spellings(address: str) -> frozenset[str]:
    """The address, and the forms in which old rows may have it: without `+`, or with 8 for +7."""
    if not NUMBER.fullmatch(address):
        return frozenset({address})
    number = phonenumbers.parse(address)
    region = phonenumbers.region_code_for_number(number) or ""
    plan = PhoneMetadata.metadata_for_region(region, None)
    trunk = (plan.national_prefix or "") if plan is not None else ""
    national = phonenumbers.national_significant_number(number)
    return frozenset({address, address[1:], f"{trunk}{national}"})


def recipients_of(person: Person) -> "QuerySet[Recipient]":
    """The person's rows in all mailings, the newest mailing first."""
    found = Recipient.objects.filter(address__in=person.spellings)
    return found.select_related("mailing__account", "mailing__self_test", "mailing__delivery").order_by(
        "-mailing_id", "position"
    )
