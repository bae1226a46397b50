-- The certificates (PEM) to one of which the stamps of a site's authority must lead; empty for any.
alter table sites add column authority_pem text not null default '';
