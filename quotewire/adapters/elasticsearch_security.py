"""Who may do what in Elasticsearch: the user that the parts of the pipeline are, and the one that Kibana is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from elasticsearch import AuthenticationException, Elasticsearch, NotFoundError

from quotewire.adapters.elasticsearch_connection import ElasticsearchOptions, connect, refusals
from quotewire.ports import ConfigurationError, Prepared

KIBANA_USER = "kibana_system"
"""As whom Kibana speaks to Elasticsearch: a user that every Elasticsearch has, at first without a password."""

_SHORTEST_PASSWORD = 6


def least_privileges(prefix: str) -> dict[str, Any]:
    """The role of the pipeline's parts: look at templates, read and write documents of their own indices, and make the
    index of a new month. Templates, and whatever is not theirs, are left to an administrator.
    """
    privileges = ["create_index", "maintenance", "read", "view_index_metadata", "write"]
    return {"cluster": ["monitor"], "indices": [{"names": [f"{prefix}-*"], "privileges": privileges}]}


class ElasticsearchSecurity:
    """Users and roles, as whoever `options` log in as: an administrator. Raises the refusals of `quotewire.ports`."""

    def __init__(self, address: str, options: ElasticsearchOptions) -> None:
        self._client = connect(address, options)
        self._address = address
        self._prefix = options.prefix

    def make_user(self, name: str, password: str) -> Iterator[Prepared]:
        """The user of the pipeline's parts with its role, both of this name."""
        _check_length(name, password)
        security = self._client.security
        with refusals(self._address):
            role = least_privileges(self._prefix)
            before = self._role(name)
            as_it_should = before is not None and _grants(before, role)
            if not as_it_should:
                security.put_role(name=name, **role)
            yield Prepared(f"role {name}", _done(before, as_it_should))
            roles = self._roles_of(name)
            as_it_should = roles == [name] and self._logs_in(name, password)
            if not as_it_should:
                security.put_user(username=name, password=password, roles=[name], full_name="Quotewire's parts")
            yield Prepared(f"user {name}", _done(roles, as_it_should))

    def set_kibana_password(self, password: str) -> Prepared:
        """Give Kibana's user its password."""
        _check_length(KIBANA_USER, password)
        with refusals(self._address):
            known = self._logs_in(KIBANA_USER, password)
            if not known:
                self._client.security.change_password(username=KIBANA_USER, password=password)
        return Prepared(f"password of {KIBANA_USER}", "unchanged" if known else "changed")

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _role(self, name: str) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = self._client.security.get_role(name=name)[name]
        except NotFoundError:
            return None
        return found

    def _roles_of(self, user: str) -> list[str] | None:
        try:
            return list(self._client.security.get_user(username=user)[user]["roles"])
        except NotFoundError:
            return None

    def _logs_in(self, user: str, password: str) -> bool:
        try:
            self._as(user, password).security.authenticate()
        except AuthenticationException:
            return False
        return True

    def _as(self, user: str, password: str) -> Elasticsearch:
        return self._client.options(basic_auth=(user, password))


def _check_length(user: str, password: str) -> None:
    # The server's own refusal looks like one that passes by itself, and would be waited for.
    if len(password) < _SHORTEST_PASSWORD:
        raise ConfigurationError(
            f"the password for {user} is too short: Elasticsearch takes {_SHORTEST_PASSWORD} characters or more"
        )


def _done(before: object, as_it_should: bool) -> Literal["created", "changed", "unchanged"]:
    return "created" if before is None else "unchanged" if as_it_should else "changed"


def _grants(role: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a role gives what is wanted and nothing more."""

    def plain(each: Mapping[str, Any]) -> object:
        indices = [(sorted(grant["names"]), sorted(grant["privileges"])) for grant in each["indices"]]
        return sorted(each["cluster"]), sorted(indices)

    more = any(role.get(kind) for kind in ("applications", "run_as", "global", "remote_indices", "remote_cluster"))
    return plain(role) == plain(wanted) and not more
