-- PostgreSQL's word for raw bytes, under the name that the other files use.
create domain blob as bytea;
