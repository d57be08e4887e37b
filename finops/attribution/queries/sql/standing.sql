-- What every page needs to know of the books, in one row: which generation they are, how far
-- they reach, when they were last settled, whose they are, the teams and their tree.
select (select md5(string_agg(transaction || '.' || statements, ' ' order by transaction))
        from attribution_bookschange),
       (select min(day) from attribution_spendday), (select max(day) from attribution_spendday),
       (select max(finished_at) from attribution_settlerun),
       (select to_jsonb(o) from people_organisation o where o.id = 1),
       (select jsonb_agg(jsonb_build_array(
                   t.id, t.slug, t.name, t.color,
                   -- A team of teams, without people or keys of its own.
                   exists (select from people_teamplacement p where p.parent_id = t.id)
                   and not exists (select from people_membership m where m.team_id = t.id)
                   and not exists (select from people_identity i where i.team_id = t.id)
               ) order by t.slug)
        from people_team t),
       (select jsonb_agg(jsonb_build_array(p.team_id, p.parent_id, p.valid_from, p.valid_to)
                         order by p.team_id, p.valid_from nulls first)
        from people_teamplacement p)
