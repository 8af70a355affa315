"""Who the made-up patients are: labels, courses, doses, samples, follow-up, and the hospital's files about them."""
