-- A banner is two files: what every page loads, and the second layer. A receipt names the first.
alter table artifacts add column part text not null default 'banner'
    check (part in ('banner', 'settings'));
