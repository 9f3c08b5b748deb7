CREATE TABLE fruits (tree UUID REFERENCES trees (id));
