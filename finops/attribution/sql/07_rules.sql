-- The rules of this settle, filled from their rows; and the cells they move.
CREATE TEMP TABLE rule_way (rule_id bigint, method text, is_proportional boolean, is_to_one boolean) ON COMMIT DROP;
CREATE TEMP TABLE rule_part (rule_id bigint, own_team_id bigint, team_id bigint, slug text, weight numeric) ON COMMIT DROP;
CREATE TEMP TABLE rule_limit (rule_id bigint, team_id bigint) ON COMMIT DROP;  -- none: every team
CREATE TEMP TABLE moved_by_rules (id bigint) ON COMMIT DROP;
CREATE TEMP TABLE ruled_cell (place bigint, rule_id bigint) ON COMMIT DROP;
