"""The pages, as people use them: by their forms, with what the forms hold."""
