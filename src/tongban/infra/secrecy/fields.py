"""Columns that are sealed: plain to whoever reads a row, ciphertext to whoever reads the table.

A sealed column cannot be filtered by; a `MarkField` beside it finds equal values. All sealed
columns of a row stand under one key, so a row is always saved with all of them.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeVar

from django.apps import apps
from django.core.exceptions import FieldError
from django.db import connection, models, transaction
from django.db.models import Q
from django.db.models.query_utils import DeferredAttribute

from tongban.infra.secrecy.ring import key_of, ring
from tongban.kernel.sealing import MARK_DIGITS, DataKey, place
from tongban.kernel.suites import NONCE_BYTES, SealBroken

_Row = TypeVar("_Row", bound="SealedModel")


class Unopened:
    """What the database gave and nobody has asked for yet; it prints as nothing."""

    __slots__ = ("raw",)

    def __init__(self, raw: str | bytes) -> None:
        self.raw: Final = raw

    def __repr__(self) -> str:
        return "<sealed>"


class _Sealed:
    """A value on its way into the database, sealed already."""

    __slots__ = ("raw",)

    def __init__(self, raw: str | bytes) -> None:
        self.raw: Final = raw


class _Opening(DeferredAttribute):
    """Opens the value of a row when it is asked for, and not before."""

    field: "_SealedField"

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        found = super().__get__(instance, cls)
        if isinstance(found, Unopened):
            found = instance.__dict__[self.field.attname] = self.field.opened(instance, found.raw)
        return found

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class _SealedField(models.Field):  # type: ignore[type-arg]
    descriptor_class = _Opening

    def encode(self, value: Any) -> bytes:
        """Write a value as the bytes to seal."""
        if not isinstance(value, str):
            raise TypeError(f"{self.model._meta.label}.{self.name} takes text, not {type(value)}")
        return value.encode()

    def decode(self, plain: bytes) -> Any:
        """Read what `encode` wrote."""
        return plain.decode()

    def sealed(self, key: DataKey, row: str, value: Any) -> str | bytes:
        """Seal a value for this column of the row."""
        return key.seal(
            self.encode(value), self._place(row), nonce=os.urandom(NONCE_BYTES)
        ).decode()

    def opened(self, instance: "SealedModel", raw: str | bytes) -> Any:
        """Open what a row holds; raise SealBroken.

        A row without a key is of before sealing; it is read until its table is sealed whole, and
        from then on whoever put it there is not believed.
        """
        written = raw if isinstance(raw, bytes) else raw.encode()
        if instance.key_id is None:
            table = self.model._meta.db_table
            if table in ring().whole:
                raise SealBroken(
                    f"SealBroken: {table} {instance.pk} is in the clear, and all of it was sealed"
                )
            return self.decode(written)
        key = key_of(written)
        if key.number != instance.key_id:
            raise SealBroken(f"SealBroken: {self.model._meta.db_table} {instance.pk} has two keys")
        return self.decode(self._open(key, written, self._place(str(instance.pk))))

    def _open(self, key: DataKey, written: bytes, at: bytes) -> bytes:
        return key.open(written, at)

    def _place(self, row: str) -> bytes:
        return place(self.model._meta.db_table, str(self.column), row)

    def from_db_value(self, value: Any, *_: object) -> Any:
        if value is None:
            return None
        return Unopened(value if isinstance(value, str) else bytes(value))

    def pre_save(self, model_instance: Any, add: bool) -> Any:  # noqa: ARG002, FBT001 - Django's
        value = getattr(model_instance, self.attname)
        if value is None:
            return None
        key = ring().keys[model_instance.key_id]
        return _Sealed(self.sealed(key, str(model_instance.pk), value))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value is None or isinstance(value, _Sealed):
            raw = None if value is None else value.raw
            return super().get_db_prep_save(raw, connection)
        raise FieldError(
            f"{self.model._meta.label}.{self.name} is sealed for its row: save the row, or update "
            "it with `sealed`"
        )

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.model._meta.label}.{self.name} is sealed: find rows by `holding`")


class SealedText(_SealedField, models.TextField):  # type: ignore[type-arg]
    """Text that is sealed in its column."""


class SealedJSON(_SealedField, models.TextField):  # type: ignore[type-arg]
    """JSON that is sealed in its column."""

    def encode(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def decode(self, plain: bytes) -> Any:
        return json.loads(plain)


class SealedBytes(_SealedField, models.BinaryField):  # type: ignore[type-arg]
    """Bytes that are sealed in their column."""

    def encode(self, value: Any) -> bytes:
        return bytes(value)

    def decode(self, plain: bytes) -> Any:
        return plain

    def sealed(self, key: DataKey, row: str, value: Any) -> bytes:
        return key.seal_bytes(self.encode(value), self._place(row), nonce=os.urandom(NONCE_BYTES))

    def _open(self, key: DataKey, written: bytes, at: bytes) -> bytes:
        return key.open_bytes(written, at)


class MarkField(models.CharField):  # type: ignore[type-arg]
    """The blind index (盲索引) of the sealed column ``of``; filled by saving, read by `holding`."""

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:
        self.of = of
        kwargs |= {"max_length": MARK_DIGITS, "null": True, "editable": False}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for own in ("max_length", "null", "editable"):
            kwargs.pop(own, None)
        return name, path, args, {**kwargs, "of": self.of}

    def mark(self, key: DataKey, value: Any) -> str:
        """Give the mark of a value under a key."""
        source = _sealed_field(self.model, self.of)
        return key.mark(self.model._meta.db_table, str(source.column), source.encode(value))

    def pre_save(self, model_instance: Any, add: bool) -> Any:  # noqa: ARG002, FBT001 - Django's
        value = getattr(model_instance, self.of)
        key = ring().keys[model_instance.key_id]
        made = None if value is None else self.mark(key, value)
        setattr(model_instance, self.attname, made)
        return made


class KeyField(models.ForeignKey):  # type: ignore[type-arg]
    """The key under which a row stands: the current one whenever the row is saved."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {
            "to": "secrecy.Key",
            "on_delete": models.PROTECT,
            "null": True,
            "related_name": "+",
        }
        super().__init__(*args, **{**kwargs, "editable": False})

    def pre_save(self, model_instance: Any, add: bool) -> Any:  # noqa: ARG002, FBT001 - Django's
        # open under the old key what will be sealed under the new one
        for column in model_instance.sealed_fields():
            getattr(model_instance, column.attname)
        model_instance.key_id = ring().current.number
        return model_instance.key_id


class SealedQuerySet(models.QuerySet[_Row]):
    """Gives rows their numbers before they are saved: a value is sealed for its row."""

    def bulk_create(self, objs: Iterable[_Row], *args: Any, **kwargs: Any) -> list[_Row]:
        """Create many, as Django does."""
        rows = list(objs)
        with transaction.atomic(savepoint=False):
            nameless = [row for row in rows if row.pk is None]
            for row, number in zip(nameless, _numbers(self.model, len(nameless)), strict=True):
                row.pk = number
            return super().bulk_create(rows, *args, **kwargs)

    def bulk_update(self, *_: Any, **__: Any) -> int:
        """Refuse: rows are sealed one by one."""
        raise FieldError("sealed rows are saved one by one")


class SealedModel(models.Model):
    """A table with sealed columns."""

    #: plain columns that `before_sealing` changes
    rewritten: ClassVar[Sequence[str]] = ()

    key = KeyField(verbose_name="数据密钥")

    objects = SealedQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def sealed_fields(cls) -> "tuple[_SealedField, ...]":
        """Name the columns that are sealed."""
        return tuple(f for f in cls._meta.concrete_fields if isinstance(f, _SealedField))

    @classmethod
    def mark_fields(cls) -> "tuple[MarkField, ...]":
        """Name the blind indexes."""
        return tuple(f for f in cls._meta.concrete_fields if isinstance(f, MarkField))

    def before_sealing(self) -> None:
        """Bring a row of before sealing into the form in which it is sealed."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; all sealed columns go together, under the current key."""
        if (only := kwargs.get("update_fields")) is not None:
            own = {f.name for f in (*self.sealed_fields(), *self.mark_fields())}
            if own & set(only) or "key" in only:
                kwargs["update_fields"] = {*only, *own, "key"}
        if self.pk is not None:
            super().save(*args, **kwargs)
            return
        with transaction.atomic(savepoint=False):  # as Django's own save
            (self.pk,) = _numbers(type(self), 1)
            super().save(*args, **{**kwargs, "force_insert": True})


def _sealed_field(model: type[models.Model], name: str) -> _SealedField:
    found = model._meta.get_field(name)
    if not isinstance(found, _SealedField):
        raise FieldError(f"{model._meta.label}.{name} is not sealed")
    return found


def _numbers(model: type[models.Model], count: int) -> list[int]:
    """Take the next row numbers of a table, in the open transaction."""
    if not count:
        return []
    column = model._meta.pk.column
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [connection.ops.quote_name(table), column, count],
            )
            return [row[0] for row in cursor.fetchall()]
        # one writer at a time: what is read here is true until the rows are written
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or (0,))[0]
        return [*range(last + 1, last + 1 + count)]


def sealed(model: type[SealedModel], row: str, **plain: Any) -> dict[str, Any]:
    """Give what ``update(**…)`` takes to save these values in a row: all of its sealed ones.

    >>> Case.objects.filter(number=n, sequence=3).update(**sealed(Case, n, state=s), sequence=4)
    ... # doctest: +SKIP
    """
    columns = model.sealed_fields()
    if plain.keys() != {f.name for f in columns}:
        raise TypeError(f"all sealed columns of {model._meta.label} are saved together")
    key = ring().current
    out: dict[str, Any] = {"key": key.number}
    for column in columns:
        value = plain[column.name]
        out[column.name] = None if value is None else _Sealed(column.sealed(key, row, value))
    for index in model.mark_fields():
        value = plain[index.of]
        out[index.name] = None if value is None else index.mark(key, value)
    return out


def holding(model: type[SealedModel], column: str, value: Any) -> Q:
    """Give the condition that a sealed column holds this value, under whichever key.

    Needs a `MarkField` of the column. While rows of before sealing are left they are found as well.
    """
    (mark,) = (f for f in model.mark_fields() if f.of == column)
    keys = ring()
    found = Q(**{f"{mark.name}__in": [mark.mark(key, value) for key in keys.keys.values()]})
    if model._meta.db_table in keys.whole:
        return found
    return found | Q(key=None, pk__in=_clear(model, column, value))


def _clear(model: type[SealedModel], column: str, value: Any) -> "models.QuerySet[Any]":
    source = _sealed_field(model, column)
    raw = f"{connection.ops.quote_name(str(source.column))} = %s"
    return (
        model._base_manager.filter(key=None)
        .extra(  # noqa: S610 - our own names
            where=[raw], params=[source.encode(value).decode()]
        )
        .values("pk")
    )


def tables() -> Mapping[str, type[SealedModel]]:
    """Give every table with sealed columns."""
    found = (m for m in apps.get_models() if issubclass(m, SealedModel))
    return {m._meta.db_table: m for m in sorted(found, key=lambda m: m._meta.db_table)}
