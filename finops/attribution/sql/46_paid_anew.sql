-- The pieces whose payer is asked for again stand beside the new ones.
INSERT INTO new_cell SELECT * FROM anew_piece;
