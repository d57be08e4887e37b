, page as (
    select * from found
    where %(fate)s = '' or fate = %(fate)s
    order by nanos desc, kind collate "C", key collate "C"
    limit %(limit)s offset %(offset)s
)
