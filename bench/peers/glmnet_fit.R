# glmnet at one lambda: glmnet_fit.R <request.json>. Ten lambdas that end at the case's own, at several thresholds.
suppressMessages(library(glmnet))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "exchange.R"))
request <- read_request()
problem <- request$problem
data <- load_case(request)
classes <- length(unique(data$y))
# With two classes the program fits one vector w = 2W: Σ W² is w²/2, Σ|W| is |w|.
total <- problem$lasso + (if (classes == 2) 1 else 2) * problem$ridge
once <- function(thresh) {
  seconds <- system.time(
    fit <- glmnet(data$X, factor(data$y),
      family = if (classes == 2) "binomial" else "multinomial", alpha = problem$lasso / total,
      standardize = FALSE, thresh = thresh, maxit = 1e7, lambda = total * exp(seq(log(100), 0, length.out = 10))
    )
  )[["elapsed"]]
  value <- objective(softmax_model(fit, length(fit$lambda)), data, problem$ridge, problem$lasso)
  report(
    program = "glmnet", settings = list(thresh = thresh), seconds = seconds, objective = value,
    version = as.character(packageVersion("glmnet"))
  )
  list(seconds = seconds, reached = (value - request$reference) <= request$epsilon * abs(request$reference))
}
report(ready = TRUE)
for (thresh in 10^-(4:14)) {
  run <- once(thresh)
  if (run$reached || run$seconds > request$seconds) break
}
if (run$reached) repeat_run(run$seconds, request, function() once(thresh)$seconds)
