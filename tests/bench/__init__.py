"""`make bench`: what the pages cost under the production server, beside what they could cost at best."""
