-- From which team to which, with the number of cells. What a team loses goes to the teams that
-- win, in proportion; exact where one team loses or one wins, which is nearly always.
WITH loss AS (
    SELECT place, team_id, now - then_ AS nanos, sum(now - then_) OVER (PARTITION BY place) AS total
    FROM preview_moved WHERE now > then_
), win AS (
    SELECT place, team_id, then_ - now AS nanos FROM preview_moved WHERE then_ > now
)
SELECT loss.team_id, win.team_id, count(*), sum(round(win.nanos * loss.nanos / loss.total))::bigint AS nanos
FROM loss JOIN win USING (place)
GROUP BY loss.team_id, win.team_id
ORDER BY nanos DESC, loss.team_id, win.team_id
