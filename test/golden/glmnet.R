# Fits one multinomial elastic net with glmnet at a tight threshold: glmnet.R <folder> <alpha> <lambda>
suppressMessages(library(glmnet))
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
alpha <- as.numeric(arguments[2])
lambda <- as.numeric(arguments[3])
X <- as.matrix(read.csv(file.path(folder, "X.csv"), header = FALSE))
y <- factor(scan(file.path(folder, "y.csv"), quiet = TRUE))
path <- lambda * exp(seq(log(100), 0, length.out = 30))
fit <- glmnet(X, y,
  family = "multinomial", alpha = alpha, lambda = path, standardize = FALSE,
  thresh = 1e-16, maxit = 1e8
)
coefficients <- coef(fit, s = lambda)
W <- t(sapply(coefficients, function(column) as.numeric(column)[-1]))
b <- sapply(coefficients, function(column) as.numeric(column)[1])
writeLines(jsonlite::toJSON(
  list(W = unname(W), b = unname(b), version = jsonlite::unbox(as.character(packageVersion("glmnet")))),
  digits = NA
), file.path(folder, "solution.json"))
