"""Checks of scenarios about where connections go, for specials.py."""


def each_got_what_its_row_says(ran):
    """Two servers counted for themselves."""
    said = [sum(row["sent"] for row in backend["addresses"]) for backend in ran.result["backends"]]
    if said != [ran.server_alone, ran.beside_count]:
        yield f"the servers counted {ran.server_alone} and {ran.beside_count} requests, their rows say {said}"
