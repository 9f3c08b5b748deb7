DROP TABLE health_professionals;
