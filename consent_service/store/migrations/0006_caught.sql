-- What automatic blocking had to catch, counted by the day: a host as the policy declares it, and no
-- visitor, page or time (R46).
create table caught (
    site_id integer not null references sites (id),
    day integer not null,
    declared text not null,
    kind text not null,
    count bigint not null check (count > 0),
    primary key (site_id, day, declared, kind)
);
